namespace SymRatchet.Session;

/// <summary>What a received frame turned out to be.</summary>
internal enum OpenStatus
{
    /// <summary>A message for the application.</summary>
    Message,

    /// <summary>The peer closed its direction, and proved it.</summary>
    Closed,

    /// <summary>The session is over; see the error.</summary>
    Failed,
}
