namespace SymRatchet.Session;

/// <summary>What a received frame turned out to be.</summary>
internal enum OpenStatus
{
    /// <summary>A message for the application.</summary>
    Message,

    /// <summary>Nothing for the application: the session took it, and may have a reply to send.</summary>
    Control,

    /// <summary>The answer to a ping, with its token.</summary>
    Pong,

    /// <summary>The peer closed its direction, and proved it.</summary>
    Closed,

    /// <summary>The session is over; see the error.</summary>
    Failed,
}
