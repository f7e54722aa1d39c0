namespace SymRatchet.Aggregation;

/// <summary>
/// How rounds are kept. Read when the engine or the server is made; later changes change nothing. Not thread-safe.
/// </summary>
public sealed class RoundOptions
{
    /// <summary>Makes options with defaults.</summary>
    public RoundOptions() { }

    /// <summary>Makes a copy; what the options refer to is shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
    public RoundOptions(RoundOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Aggregator = other.Aggregator;
        Closing = other.Closing;
        HistoryLength = other.HistoryLength;
        RetainedNumbersPerClient = other.RetainedNumbersPerClient;
        Observer = other.Observer;
        TimeProvider = other.TimeProvider;
    }

    /// <summary>What is made of a round's numbers; the mean by default.</summary>
    public IAggregator Aggregator { get; set; } = BuiltInAggregators.Default;

    /// <summary>When rounds close; <see cref="RoundClosing.Immediately"/> by default.</summary>
    public RoundClosing Closing { get; set; } = RoundClosing.Immediately;

    /// <summary>How many closed rounds the history keeps: 256 by default, at most 65,536.</summary>
    public int HistoryLength { get; set; } = 256;

    /// <summary>
    /// How much of each client's past is kept where rounds are answered at once, counted in numbers of 8 bytes, each
    /// contribution with 8 more for itself; 65,536 by default (half a MiB). A client that is further behind than that
    /// hears an answer without those whose numbers of that round are gone.
    /// </summary>
    public int RetainedNumbersPerClient { get; set; } = 65_536;

    /// <summary>
    /// Hears of everything that happens, in order, on the thread where it happens: it must be quick, throw nothing, and
    /// call nothing here. A round's <see cref="RoundEvent.Closed"/> comes when it is aggregated, perhaps after the
    /// first contributions to the next one. An <see cref="AggregationServer"/> calls it outside of its lock, one event
    /// after the other, on the thread of any session.
    /// </summary>
    public Action<RoundEvent>? Observer { get; set; }

    /// <summary>The clock of time limits and of the history.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>A copy that was found to be in range, which no later change reaches.</summary>
    internal RoundOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Aggregator);
        ArgumentNullException.ThrowIfNull(Closing);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (HistoryLength is < 1 or > 65_536)
            throw new ArgumentException($"{nameof(HistoryLength)} is {HistoryLength}; it must be 1 to 65,536.");
        if (RetainedNumbersPerClient < 0)
            throw new ArgumentException(
                $"{nameof(RetainedNumbersPerClient)} is {RetainedNumbersPerClient}; it must not be negative."
            );
        return new RoundOptions(this);
    }
}
