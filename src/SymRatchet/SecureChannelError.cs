namespace SymRatchet;

/// <summary>Why a channel ended. The first reason stays with the channel for good.</summary>
public enum SecureChannelError
{
    /// <summary>Nothing failed.</summary>
    None = 0,

    /// <summary>
    /// The peer did not prove the key: to a server, an unknown id, a wrong key and a message that was changed are this
    /// same error on purpose, and it hangs up alike, so that nobody can search for ids.
    /// </summary>
    Authentication,

    /// <summary>
    /// A message that this phase, role or turn does not allow, or one sent in the wrong direction or with another id.
    /// </summary>
    UnexpectedMessage,

    /// <summary>A message out of order: replayed, dropped or swapped.</summary>
    UnexpectedRound,

    /// <summary>Bytes that are no message of this protocol.</summary>
    Malformed,

    /// <summary>A length or count above a limit.</summary>
    Limit,

    /// <summary>The handshake did not end within its time limit, or the peer gave no sign of life in time.</summary>
    Timeout,

    /// <summary>The stream ended without an authenticated close: the end of the data may be missing.</summary>
    Truncated,

    /// <summary>The peer ended the session and gave a reason.</summary>
    TerminatedByPeer,

    /// <summary>The key store failed; no session is made without it.</summary>
    KeyStore,

    /// <summary>The stream or pipe beneath failed.</summary>
    Transport,

    /// <summary>A call was cancelled while a message was half sent, so the channel can no longer be used.</summary>
    Canceled,

    /// <summary>The channel was ended by this side for a reason outside of the protocol.</summary>
    Aborted,

    /// <summary>
    /// The server hung up during the handshake. It says no more: an unknown id, a wrong key or server name, another
    /// protocol, no suite in common, a revoked key and no room for a handshake all look like this to a client.
    /// </summary>
    Refused,
}
