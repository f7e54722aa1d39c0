namespace SymRatchet.Aggregation;

/// <summary>Describes how a session ended.</summary>
/// <param name="End">The kind of end.</param>
/// <param name="Rounds">The number of answered rounds; the last answer may not have arrived.</param>
/// <param name="Detail">The reason in words, for logs.</param>
/// <param name="Error">
/// The error of the channel if <paramref name="End"/> is <see cref="SessionEnd.ChannelFailed"/>.
/// </param>
/// <remarks>Immutable.</remarks>
public readonly record struct SessionSummary(
    SessionEnd End,
    long Rounds,
    string Detail,
    SecureChannelError Error = SecureChannelError.None
);
