namespace SymRatchet.Aggregation;

/// <summary>What one client is to be told. Immutable.</summary>
/// <param name="Member">The client.</param>
/// <param name="Round">The round that was answered; 0 where the client lost its place between rounds.</param>
/// <param name="Aggregate">The answer; 0 where it is refused.</param>
/// <param name="Refusal">Why there is no answer, or <see cref="RoundRefusal.None"/>.</param>
public readonly record struct RoundOutcome(RoundMember Member, long Round, double Aggregate, RoundRefusal Refusal);
