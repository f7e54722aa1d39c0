using System.Buffers;
using System.Net;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>A channel whose steps are counted: one message is one step of the ratchet in its direction.</summary>
internal sealed class ObservedChannel(ISecureChannel channel, LiveSession session) : ISecureChannel
{
    public ProtocolPhase Phase => channel.Phase;

    public ChannelPeer Peer => channel.Peer;

    public EndPoint? RemoteEndPoint => channel.RemoteEndPoint;

    public int MaxMessageSize => channel.MaxMessageSize;

    public CancellationToken Ended => channel.Ended;

    public async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        await channel.SendAsync(message, cancellationToken);
        session.CountSent();
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        await channel.WriteAsync(message, cancellationToken);
        session.CountSent();
    }

    public async ValueTask<bool> ReceiveAsync(
        IBufferWriter<byte> destination,
        CancellationToken cancellationToken = default
    )
    {
        bool received = await channel.ReceiveAsync(destination, cancellationToken);
        if (received)
            session.CountReceived();
        return received;
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => channel.FlushAsync(cancellationToken);

    public ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default) =>
        channel.PingAsync(cancellationToken);

    public ValueTask CloseAsync(CancellationToken cancellationToken = default) => channel.CloseAsync(cancellationToken);

    public void Abort() => channel.Abort();

    public ValueTask DisposeAsync() => channel.DisposeAsync();
}
