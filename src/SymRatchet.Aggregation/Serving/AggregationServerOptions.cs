using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.Aggregation;

/// <summary>How a server aggregates. Immutable.</summary>
public sealed record AggregationServerOptions
{
    /// <summary>The rounds: rule, aggregator, history, observer, clock.</summary>
    public RoundOptions Rounds { get; init; } = new();

    /// <summary>
    /// The weight of a client by its id; 1 for everybody by default. Asked once, when the client joins; what it throws ends that session and
    /// its channel.
    /// </summary>
    public Func<ClientId, double> WeightOf { get; init; } = _ => 1;

    /// <summary>How many numbers one contribution may hold; 1024 by default.</summary>
    public int MaxNumbers { get; init; } = 1024;

    /// <summary>
    /// How long a client may keep the server waiting, for its next contribution or in taking its answer; 5 minutes by default.
    /// <see cref="Timeout.InfiniteTimeSpan"/> waits for ever. A client that waits for its round to close or to be aggregated keeps nobody
    /// waiting. Ending a session takes at most a second for each step that the client or its channel does not come back from.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Where logs go; nowhere by default. No line holds a client's numbers.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Whether logs name a client by <see cref="ClientId.ToHash"/> and not by its id. Off by default.</summary>
    public bool HashIdsInLogs { get; init; }

    internal string LogNameOf(ClientId id) => HashIdsInLogs ? id.ToHash() : id.ToString();

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Rounds);
        ArgumentNullException.ThrowIfNull(WeightOf);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
        if (MaxNumbers < 1)
            throw new ArgumentException($"{nameof(MaxNumbers)} is {MaxNumbers}; it must be positive.");
        if (IdleTimeout != Timeout.InfiniteTimeSpan && IdleTimeout <= TimeSpan.Zero)
            throw new ArgumentException($"{nameof(IdleTimeout)} must be positive, or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}.");
    }
}
