namespace SymRatchet.Aggregation;

/// <summary>Describes the open round.</summary>
/// <param name="Number">The number of the round, from 1.</param>
/// <param name="Clients">The number of clients that have contributed.</param>
/// <param name="Present">The number of present clients.</param>
/// <param name="DueIn">The time until its time limit; null if it has none.</param>
/// <remarks>Immutable.</remarks>
public sealed record OpenRound(long Number, int Clients, int Present, TimeSpan? DueIn);
