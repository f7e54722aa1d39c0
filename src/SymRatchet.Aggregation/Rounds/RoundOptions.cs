namespace SymRatchet.Aggregation;

/// <summary>How rounds are kept. Immutable.</summary>
public sealed record RoundOptions
{
    /// <summary>What is made of a round's numbers; the mean by default.</summary>
    public IAggregator Aggregator { get; init; } = BuiltInAggregators.Default;

    /// <summary>When rounds close; <see cref="RoundClosing.Immediately"/> by default.</summary>
    public RoundClosing Closing { get; init; } = RoundClosing.Immediately;

    /// <summary>How many closed rounds the history keeps: 256 by default, at most 65,536.</summary>
    public int HistoryLength { get; init; } = 256;

    /// <summary>
    /// How much of each client's past is kept where rounds are answered at once, counted in numbers of 8 bytes, each contribution
    /// with 8 more for itself; 65,536 by default (half a MiB). A client that is further behind than that hears an
    /// answer without those whose numbers of that round are gone.
    /// </summary>
    public int RetainedNumbersPerClient { get; init; } = 65_536;

    /// <summary>
    /// Hears of everything that happens, in order, on the thread where it happens: it must be quick, throw nothing, and call nothing here. A
    /// round's <see cref="RoundEvent.Closed"/> comes when it is aggregated, perhaps after the first contributions to the next one. An
    /// <see cref="AggregationServer"/> calls it outside of its lock, one event after the other, on the thread of any session.
    /// </summary>
    public Action<RoundEvent>? Observer { get; init; }

    /// <summary>The clock of time limits and of the history.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Aggregator);
        ArgumentNullException.ThrowIfNull(Closing);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (HistoryLength is < 1 or > 65_536)
            throw new ArgumentException($"{nameof(HistoryLength)} is {HistoryLength}; it must be 1 to 65,536.");
        if (RetainedNumbersPerClient < 0)
            throw new ArgumentException($"{nameof(RetainedNumbersPerClient)} is {RetainedNumbersPerClient}; it must not be negative.");
    }
}
