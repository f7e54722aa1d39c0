namespace SymRatchet.Session;

/// <summary>What a received frame turned out to be.</summary>
internal enum OpenStatus
{
    /// <summary>A message for the application.</summary>
    Message,

    /// <summary>A control frame that the session has processed; there may be a reply to send.</summary>
    Control,

    /// <summary>The answer to a PING, with its token.</summary>
    Pong,

    /// <summary>The peer's authenticated close of its direction.</summary>
    Closed,

    /// <summary>The session has failed; see the error.</summary>
    Failed,
}
