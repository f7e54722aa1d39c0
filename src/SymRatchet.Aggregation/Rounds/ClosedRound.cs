namespace SymRatchet.Aggregation;

/// <summary>A closed round as the history keeps it: without the numbers themselves. Immutable.</summary>
/// <param name="Number">The round, from 1.</param>
/// <param name="Aggregate">The aggregate over all its numbers, or null where the aggregator had none.</param>
/// <param name="Clients">How many clients it counts.</param>
/// <param name="Numbers">How many numbers it counts.</param>
/// <param name="Reason">Why it was closed.</param>
/// <param name="ClosedAt">When, in UTC.</param>
public sealed record ClosedRound(
    long Number,
    double? Aggregate,
    int Clients,
    int Numbers,
    CloseReason Reason,
    DateTimeOffset ClosedAt
);
