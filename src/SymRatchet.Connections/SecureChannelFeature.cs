namespace SymRatchet.AspNetCore;

internal sealed record SecureChannelFeature(ChannelPeer Peer) : ISecureChannelFeature;
