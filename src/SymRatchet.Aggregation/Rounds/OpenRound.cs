namespace SymRatchet.Aggregation;

/// <summary>A round that has begun and is not closed. Immutable.</summary>
/// <param name="Number">The round, from 1.</param>
/// <param name="Clients">How many clients have contributed.</param>
/// <param name="Present">How many clients are present.</param>
/// <param name="DueIn">How long until its time is over; null where it has no time limit.</param>
public sealed record OpenRound(long Number, int Clients, int Present, TimeSpan? DueIn);
