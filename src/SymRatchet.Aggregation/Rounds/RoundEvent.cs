namespace SymRatchet.Aggregation;

/// <summary>Something that happened in the rounds, for those who watch. Immutable.</summary>
public abstract record RoundEvent
{
    private RoundEvent() { }

    /// <summary>A client joined.</summary>
    /// <param name="Member">The client.</param>
    public sealed record Joined(RoundMember Member) : RoundEvent;

    /// <summary>A client left; what it sent is no longer counted.</summary>
    /// <param name="Member">The client.</param>
    /// <param name="Superseded">Whether another session took its place.</param>
    public sealed record Left(RoundMember Member, bool Superseded) : RoundEvent;

    /// <summary>The first contribution opened a round.</summary>
    /// <param name="Round">The number of the round, from 1.</param>
    public sealed record Opened(long Round) : RoundEvent;

    /// <summary>A contribution was counted.</summary>
    /// <param name="Member">The client.</param>
    /// <param name="Round">The number of the round.</param>
    /// <param name="Numbers">How many numbers it sent.</param>
    public sealed record Contributed(RoundMember Member, long Round, int Numbers) : RoundEvent;

    /// <summary>A contribution was not counted.</summary>
    /// <param name="Member">The client.</param>
    /// <param name="Refusal">Why.</param>
    public sealed record Refused(RoundMember Member, RoundRefusal Refusal) : RoundEvent;

    /// <summary>
    /// A round closed and was aggregated. Where rounds are answered at once, this comes with each answer.
    /// </summary>
    /// <param name="Round">The round, with its aggregate.</param>
    public sealed record Closed(ClosedRound Round) : RoundEvent;

    /// <summary>The aggregator threw.</summary>
    /// <param name="Round">The number of the round.</param>
    /// <param name="Exception">What it threw.</param>
    public sealed record AggregatorFailed(long Round, Exception Exception) : RoundEvent;
}
