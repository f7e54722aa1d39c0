namespace SymRatchet;

/// <summary>Specifies why a channel ended.</summary>
/// <remarks>The first reason is kept.</remarks>
public enum SecureChannelError
{
    /// <summary>Nothing failed.</summary>
    None = 0,

    /// <summary>
    /// The peer did not prove the key. On a server, an unknown id, a wrong key and a modified message give this error
    /// and the same behaviour, so that ids cannot be probed.
    /// </summary>
    Authentication,

    /// <summary>
    /// A message that is not allowed in this phase, role or turn, in this direction, or with this id.
    /// </summary>
    UnexpectedMessage,

    /// <summary>A message out of order: replayed, dropped or swapped.</summary>
    UnexpectedRound,

    /// <summary>Bytes that are not a message of this protocol.</summary>
    Malformed,

    /// <summary>A length or count above a limit.</summary>
    Limit,

    /// <summary>The handshake exceeded its timeout, or the peer did not answer a keep-alive PING in time.</summary>
    Timeout,

    /// <summary>The stream ended without an authenticated close, so data may be missing.</summary>
    Truncated,

    /// <summary>The peer ended the session with a TERMINATE.</summary>
    TerminatedByPeer,

    /// <summary>The key store failed or has no usable key.</summary>
    KeyStore,

    /// <summary>The underlying stream or pipe failed.</summary>
    Transport,

    /// <summary>A call was cancelled while a message was partly sent, so the channel can no longer be used.</summary>
    Canceled,

    /// <summary>This side ended the channel for a reason outside the protocol.</summary>
    Aborted,

    /// <summary>
    /// The server closed the connection during the handshake, without a reason: an unknown id, a wrong key or server
    /// name, another protocol, no common suite, a revoked key and an eviction at a limit look alike to a client.
    /// </summary>
    Refused,
}
