namespace SymRatchet.Aggregation;

/// <summary>Represents an event of the rounds, for <see cref="RoundOptions.Observer"/>.</summary>
/// <remarks>Immutable.</remarks>
public abstract record RoundEvent
{
    private RoundEvent() { }

    /// <summary>A client joined.</summary>
    /// <param name="Member">The client.</param>
    public sealed record Joined(RoundMember Member) : RoundEvent;

    /// <summary>A client left; its numbers are no longer counted.</summary>
    /// <param name="Member">The client.</param>
    /// <param name="Superseded">Whether another session of the client replaced it.</param>
    public sealed record Left(RoundMember Member, bool Superseded) : RoundEvent;

    /// <summary>The first contribution opened a round.</summary>
    /// <param name="Round">The number of the round, from 1.</param>
    public sealed record Opened(long Round) : RoundEvent;

    /// <summary>A contribution was counted.</summary>
    /// <param name="Member">The client.</param>
    /// <param name="Round">The number of the round.</param>
    /// <param name="Numbers">The number of its numbers.</param>
    public sealed record Contributed(RoundMember Member, long Round, int Numbers) : RoundEvent;

    /// <summary>A contribution was not counted.</summary>
    /// <param name="Member">The client.</param>
    /// <param name="Refusal">The reason.</param>
    public sealed record Refused(RoundMember Member, RoundRefusal Refusal) : RoundEvent;

    /// <summary>A round was closed and aggregated.</summary>
    /// <param name="Round">The round, with its aggregate.</param>
    /// <remarks>With <see cref="RoundClosing.Immediately"/> raised for each answer.</remarks>
    public sealed record Closed(ClosedRound Round) : RoundEvent;

    /// <summary>The aggregator threw an exception.</summary>
    /// <param name="Round">The number of the round.</param>
    /// <param name="Exception">The exception.</param>
    public sealed record AggregatorFailed(long Round, Exception Exception) : RoundEvent;
}
