namespace SymRatchet.Connections;

internal sealed record SecureChannelFeature(ISecureChannel Channel) : ISecureChannelFeature
{
    public ChannelPeer Peer => Channel.Peer;
}
