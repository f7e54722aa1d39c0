namespace SymRatchet.Aggregation;

/// <summary>Represents the answer to one client.</summary>
/// <param name="Member">The client.</param>
/// <param name="Round">The number of the round; 0 if the client was superseded.</param>
/// <param name="Aggregate">The answer; 0 if it is refused.</param>
/// <param name="Refusal">The reason for the refusal, or <see cref="RoundRefusal.None"/>.</param>
/// <remarks>Immutable.</remarks>
public readonly record struct RoundOutcome(RoundMember Member, long Round, double Aggregate, RoundRefusal Refusal);
