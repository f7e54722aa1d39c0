namespace SymRatchet.Session;

/// <summary>
/// The result of opening one frame. Errors of the peer are a status here; the channel turns them into exceptions.
/// </summary>
internal readonly record struct OpenResult(
    OpenStatus Status,
    int Length = 0,
    SecureChannelError Error = SecureChannelError.None,
    string? Detail = null
)
{
    /// <summary>The token of a pong.</summary>
    internal ulong Token { get; private init; }

    internal static OpenResult Message(int length) => new(OpenStatus.Message, length);

    internal static OpenResult Control => new(OpenStatus.Control);

    internal static OpenResult Pong(ulong token) => new(OpenStatus.Pong) { Token = token };

    internal static OpenResult Closed => new(OpenStatus.Closed);

    internal static OpenResult Fail(SecureChannelError error, string detail) =>
        new(OpenStatus.Failed, 0, error, detail);
}
