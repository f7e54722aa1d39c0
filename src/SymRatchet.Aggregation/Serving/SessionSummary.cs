namespace SymRatchet.Aggregation;

/// <summary>How a served session went. Immutable.</summary>
/// <param name="End">Why it ended.</param>
/// <param name="Rounds">How many rounds were answered; the last answer may not have arrived.</param>
/// <param name="Detail">The reason in words, for logs.</param>
/// <param name="Error">
/// What the channel failed of, where <paramref name="End"/> is <see cref="SessionEnd.ChannelFailed"/>.
/// </param>
public readonly record struct SessionSummary(
    SessionEnd End,
    long Rounds,
    string Detail,
    SecureChannelError Error = SecureChannelError.None
);
