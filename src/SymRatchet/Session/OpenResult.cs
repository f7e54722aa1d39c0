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

/// <summary>The outcome of opening one frame. What the peer does wrong is a status here and an exception only at the channel.</summary>
internal readonly record struct OpenResult(OpenStatus Status, int Length = 0, SecureChannelError Error = SecureChannelError.None, string? Detail = null)
{
    internal static OpenResult Message(int length) => new(OpenStatus.Message, length);

    internal static OpenResult Closed => new(OpenStatus.Closed);

    internal static OpenResult Fail(SecureChannelError error, string detail) => new(OpenStatus.Failed, 0, error, detail);
}
