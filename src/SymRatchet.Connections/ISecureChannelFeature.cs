namespace SymRatchet.Connections;

/// <summary>
/// Describes the channel beneath a connection. It is a feature of the connection, and of every HTTP request on it;
/// where it is missing, the connection is not protected by SymRatchet.
/// </summary>
public interface ISecureChannelFeature
{
    /// <summary>
    /// Gets the channel itself, to ask who its peer is, to abort or ping it or to watch
    /// <see cref="ISecureChannel.Ended"/>. Its sending, receiving, closing and disposal are the connection's: use the
    /// connection's transport for them. Thread-safe as the channel is.
    /// </summary>
    ISecureChannel Channel { get; }
}
