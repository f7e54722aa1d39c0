using System.Net.Sockets;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>A connection as the attacker sees it: whole frames in, any bytes out.</summary>
public sealed class FrameStream(NetworkStream stream, WireFormat format) : IAsyncDisposable
{
    /// <summary>The next frame, or null at the end of the connection, however it ends.</summary>
    public async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            byte[] prefix = new byte[format.PrefixSize];
            await stream.ReadExactlyAsync(prefix, cancellationToken);
            byte[] frame = new byte[format.FrameLength(prefix)];
            prefix.CopyTo(frame, 0);
            await stream.ReadExactlyAsync(frame.AsMemory(prefix.Length), cancellationToken);
            return frame;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Sends bytes; a peer that is gone already hears nothing, which is not a failure of an attack.</summary>
    public async Task WriteAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
        }
        catch (IOException) { }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
