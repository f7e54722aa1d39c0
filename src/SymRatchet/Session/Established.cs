namespace SymRatchet.Session;

/// <summary>The final state of a successful handshake: the peer is proven, and the caller owns the session.</summary>
internal sealed class Established(ChannelSession session) : HandshakeState
{
    internal ChannelSession Session { get; } = session;

    public override void Dispose() => Session.Dispose();
}
