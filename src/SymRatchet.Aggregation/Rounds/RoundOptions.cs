namespace SymRatchet.Aggregation;

/// <summary>Provides the options of rounds.</summary>
/// <remarks>Copied when an engine or a server is created; later changes have no effect. Not thread-safe.</remarks>
public sealed class RoundOptions
{
    /// <summary>Initializes a new instance of the <see cref="RoundOptions"/> class with the defaults.</summary>
    public RoundOptions() { }

    /// <summary>Initializes a new instance of the <see cref="RoundOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <remarks>Referenced objects are shared.</remarks>
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

    /// <summary>Gets or sets the aggregator.</summary>
    /// <value>The default is the mean, <see cref="BuiltInAggregators.Default"/>.</value>
    public IAggregator Aggregator { get; set; } = BuiltInAggregators.Default;

    /// <summary>Gets or sets the rule by which rounds close.</summary>
    /// <value>The default is <see cref="RoundClosing.Immediately"/>.</value>
    public RoundClosing Closing { get; set; } = RoundClosing.Immediately;

    /// <summary>Gets or sets the number of closed rounds in the history.</summary>
    /// <value>1 to 65,536; the default is 256.</value>
    public int HistoryLength { get; set; } = 256;

    /// <summary>
    /// Gets or sets how many numbers of each client are kept with <see cref="RoundClosing.Immediately"/>.
    /// </summary>
    /// <value>0 or more; the default is 65,536 (half a MiB).</value>
    /// <remarks>
    /// A number takes 8 bytes, and each contribution counts as 8 numbers more. A client that is further behind gets an
    /// answer without the clients whose numbers of that round were dropped.
    /// </remarks>
    public int RetainedNumbersPerClient { get; set; } = 65_536;

    /// <summary>Gets or sets the observer of all events.</summary>
    /// <value>The default is null, for none.</value>
    /// <remarks>
    /// An engine calls it synchronously and in order: it must be quick, must not throw, and must not call the engine.
    /// <see cref="RoundEvent.Closed"/> follows the aggregation, perhaps after the first contributions to the next
    /// round. An <see cref="AggregationServer"/> calls it outside its lock, one event at a time, on the thread of any
    /// session.
    /// </remarks>
    public Action<RoundEvent>? Observer { get; set; }

    /// <summary>Gets or sets the clock for time limits and the history.</summary>
    /// <value>The default is <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Returns a validated copy.</summary>
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
