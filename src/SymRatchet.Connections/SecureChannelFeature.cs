namespace SymRatchet.Connections;

internal sealed record SecureChannelFeature(ISecureChannel Channel) : ISecureChannelFeature;
