namespace SymRatchet.Connections;

/// <summary>Provides the channel of a connection.</summary>
/// <remarks>
/// It is a feature of the connection and of every HTTP request on it. A connection without it is not protected by
/// SymRatchet.
/// </remarks>
public interface ISecureChannelFeature
{
    /// <summary>
    /// Gets the channel, to read its peer, abort or ping it, or watch <see cref="ISecureChannel.Ended"/>.
    /// </summary>
    /// <remarks>
    /// Do not send, receive, close or dispose through it; the connection's transport does that. As thread-safe as the
    /// channel.
    /// </remarks>
    ISecureChannel Channel { get; }
}
