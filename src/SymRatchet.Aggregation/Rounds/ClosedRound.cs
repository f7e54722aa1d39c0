namespace SymRatchet.Aggregation;

/// <summary>Describes a closed round, without the contributed numbers.</summary>
/// <param name="Number">The number of the round, from 1.</param>
/// <param name="Aggregate">The aggregate of all its numbers; null if the aggregator failed.</param>
/// <param name="Clients">The number of clients that contributed.</param>
/// <param name="Numbers">The number of contributed numbers.</param>
/// <param name="Reason">The reason for closing.</param>
/// <param name="ClosedAt">The time of closing, in UTC.</param>
/// <remarks>Immutable.</remarks>
public sealed record ClosedRound(
    long Number,
    double? Aggregate,
    int Clients,
    int Numbers,
    CloseReason Reason,
    DateTimeOffset ClosedAt
);
