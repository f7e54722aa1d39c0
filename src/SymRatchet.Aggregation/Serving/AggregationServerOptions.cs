using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.Aggregation;

/// <summary>
/// How a server aggregates. Read when the server is made; later changes change nothing. Not thread-safe.
/// </summary>
public sealed class AggregationServerOptions
{
    /// <summary>Makes options with defaults.</summary>
    public AggregationServerOptions() { }

    /// <summary>Makes a copy; what the options refer to is shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
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

    /// <summary>The rounds: rule, aggregator, history, observer, clock.</summary>
    public RoundOptions Rounds { get; set; } = new();

    /// <summary>
    /// The weight of a client by its id; 1 for everybody by default. Asked once, when the client joins; what it throws
    /// ends that session and its channel.
    /// </summary>
    public Func<ClientId, double> WeightOf { get; set; } = _ => 1;

    /// <summary>How many numbers one contribution may hold; 1024 by default.</summary>
    public int MaxNumbers { get; set; } = 1024;

    /// <summary>
    /// How long a client may keep the server waiting, for its next contribution or in taking its answer; 5 minutes by
    /// default. <see cref="Timeout.InfiniteTimeSpan"/> waits for ever. A client that waits for its round to close or to
    /// be aggregated keeps nobody waiting. Ending a session takes at most a second for each step that the client or its
    /// channel does not come back from.
    /// </summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Where logs go; nowhere by default. No line holds a client's numbers.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>
    /// Whether logs name a client by <see cref="ClientId.ToHash"/> and not by its id. Off by default.
    /// </summary>
    public bool HashIdsInLogs { get; set; }

    internal string LogNameOf(ClientId id) => HashIdsInLogs ? id.ToHash() : id.ToString();

    /// <summary>A copy that was found to be in range, which no later change reaches.</summary>
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
