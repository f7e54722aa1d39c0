using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.Aggregation;

/// <summary>Provides the options of an <see cref="AggregationServer"/>.</summary>
/// <remarks>Copied when the server is created; later changes have no effect. Not thread-safe.</remarks>
public sealed class AggregationServerOptions
{
    /// <summary>
    /// Initializes a new instance of the <see cref="AggregationServerOptions"/> class with the defaults.
    /// </summary>
    public AggregationServerOptions() { }

    /// <summary>Initializes a new instance of the <see cref="AggregationServerOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <exception cref="ArgumentNullException"><paramref name="other"/> is null.</exception>
    /// <remarks>Referenced objects are shared.</remarks>
    public AggregationServerOptions(AggregationServerOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Rounds = other.Rounds;
        WeightOf = other.WeightOf;
        MaxNumbers = other.MaxNumbers;
        IdleTimeout = other.IdleTimeout;
        LoggerFactory = other.LoggerFactory;
        HashIdsInLogs = other.HashIdsInLogs;
    }

    /// <summary>Gets or sets the options of the rounds.</summary>
    /// <value>The default is a new <see cref="RoundOptions"/>.</value>
    public RoundOptions Rounds { get; set; } = new();

    /// <summary>Gets or sets the function that returns the weight of a client.</summary>
    /// <value>The default returns 1.</value>
    /// <remarks>Called once, when the client joins; an exception ends that session and its channel.</remarks>
    public Func<ClientId, double> WeightOf { get; set; } = _ => 1;

    /// <summary>Gets or sets the largest count of numbers in a contribution.</summary>
    /// <value>1 or more; the default is 1024.</value>
    public int MaxNumbers { get; set; } = 1024;

    /// <summary>
    /// Gets or sets how long a client may take to send its next contribution or to receive its answer.
    /// </summary>
    /// <value>Positive, or <see cref="Timeout.InfiniteTimeSpan"/>; the default is 5 minutes.</value>
    /// <remarks>
    /// The time in which a round closes and is aggregated does not count. Ending a session takes at most a second for
    /// each step in which the client or its channel hangs.
    /// </remarks>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Gets or sets the logger factory.</summary>
    /// <value>The default is <see cref="NullLoggerFactory.Instance"/>.</value>
    /// <remarks>No log message contains a client's numbers.</remarks>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Gets or sets whether logs contain <see cref="ClientId.ToHash"/> in place of a client's id.</summary>
    /// <value>The default is false.</value>
    public bool HashIdsInLogs { get; set; }

    internal string LogNameOf(ClientId id) => HashIdsInLogs ? id.ToHash() : id.ToString();

    /// <summary>Returns a validated copy.</summary>
    internal AggregationServerOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Rounds);
        ArgumentNullException.ThrowIfNull(WeightOf);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
        if (MaxNumbers < 1)
            throw new ArgumentException($"{nameof(MaxNumbers)} is {MaxNumbers}; it must be positive.");
        if (IdleTimeout != Timeout.InfiniteTimeSpan && IdleTimeout <= TimeSpan.Zero)
            throw new ArgumentException(
                $"{nameof(IdleTimeout)} must be positive, or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}."
            );
        return new AggregationServerOptions(this) { Rounds = Rounds.Validated() };
    }
}
