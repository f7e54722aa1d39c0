namespace SymRatchet.Aggregation;

/// <summary>Something that happened in the rounds, for those who watch.</summary>
public abstract record RoundEvent
{
    private RoundEvent()
    {
    }

    /// <summary>A client joined.</summary>
    public sealed record Joined(RoundMember Member) : RoundEvent;

    /// <summary>A client left; what it sent is no longer counted. <paramref name="Superseded"/>: another session took its place.</summary>
    public sealed record Left(RoundMember Member, bool Superseded) : RoundEvent;

    /// <summary>The first contribution opened a round.</summary>
    public sealed record Opened(long Round) : RoundEvent;

    /// <summary>A contribution was counted.</summary>
    public sealed record Contributed(RoundMember Member, long Round, int Numbers) : RoundEvent;

    /// <summary>A contribution was not counted.</summary>
    public sealed record Refused(RoundMember Member, RoundRefusal Refusal) : RoundEvent;

    /// <summary>A round closed. Where rounds are answered at once, this comes with each answer.</summary>
    public sealed record Closed(ClosedRound Round) : RoundEvent;

    /// <summary>The aggregator threw.</summary>
    public sealed record AggregatorFailed(long Round, Exception Exception) : RoundEvent;
}
