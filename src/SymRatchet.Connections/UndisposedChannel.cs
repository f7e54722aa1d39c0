using System.Buffers;
using System.Net;

namespace SymRatchet.Connections;

/// <summary>
/// A channel that ignores its disposal by the pipe: after a handler has completed both halves of its transport, its
/// data may still have to be sent.
/// </summary>
internal sealed class UndisposedChannel(ISecureChannel inner) : ISecureChannel
{
    public ProtocolPhase Phase => inner.Phase;

    public ChannelPeer Peer => inner.Peer;

    public EndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public int MaxMessageSize => inner.MaxMessageSize;

    public CancellationToken Ended => inner.Ended;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        inner.SendAsync(message, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(message, cancellationToken);

    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

    public ValueTask<bool> ReceiveAsync(
        IBufferWriter<byte> destination,
        CancellationToken cancellationToken = default
    ) => inner.ReceiveAsync(destination, cancellationToken);

    public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) =>
        inner.PingAsync(cancellationToken);

    public ValueTask CloseAsync(CancellationToken cancellationToken = default) => inner.CloseAsync(cancellationToken);

    public void Abort() => inner.Abort();

    public ValueTask DisposeAsync() => default;
}
