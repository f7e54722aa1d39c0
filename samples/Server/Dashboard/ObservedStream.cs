using System.Net.Sockets;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>
/// A connection that takes the fingerprint of all that passes. It is a <see cref="NetworkStream"/> still, so the
/// channel knows the remote address, and its limits by address hold.
/// </summary>
internal sealed class ObservedStream(Socket socket) : NetworkStream(socket, ownsSocket: true)
{
    internal WireFingerprint Fingerprint { get; } = new();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await base.ReadAsync(buffer, cancellationToken);
        if (read > 0)
            Fingerprint.Add(buffer.Span[..read]);
        return read;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Fingerprint.Add(buffer.Span);
        return base.WriteAsync(buffer, cancellationToken);
    }
}
