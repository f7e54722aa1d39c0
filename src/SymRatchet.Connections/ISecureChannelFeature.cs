namespace SymRatchet.AspNetCore;

/// <summary>
/// What a connection's channel proved. It is a feature of the connection, and of every request on it; where it is missing, the connection
/// is not protected by SymRatchet.
/// </summary>
public interface ISecureChannelFeature
{
    /// <summary>The other side: its id, and the suite and epoch of the session.</summary>
    ChannelPeer Peer { get; }
}
