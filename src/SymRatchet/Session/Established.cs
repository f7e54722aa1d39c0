namespace SymRatchet.Session;

/// <summary>The end that one hopes for: the peer is proven, the session is the caller's.</summary>
internal sealed class Established(ChannelSession session) : HandshakeState
{
    internal ChannelSession Session { get; } = session;

    public override void Dispose() => Session.Dispose();
}
