using Microsoft.Extensions.Logging;

namespace SymRatchet.Aggregation;

/// <summary>
/// Serves rounds over any number of channels: contributions in, aggregates out. One client's failure or slowness is its
/// own: the others go on. Thread-safe.
/// </summary>
/// <remarks>
/// The aggregator runs on one thread of the pool at a time, and nobody waits for it but the clients whose round it is:
/// others join, leave and contribute to the next round meanwhile. A log or an observer that blocks holds up the one
/// session that tells it.
/// </remarks>
public sealed class AggregationServer : IDisposable
{
    private readonly AggregationServerOptions _options;
    private readonly ILogger _logger;
    private readonly RoundTable _table;

    /// <summary>Makes a server without clients.</summary>
    /// <param name="options">How it aggregates.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public AggregationServer(AggregationServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Validated();
        _logger = _options.LoggerFactory.CreateLogger("SymRatchet.Aggregation");
        _table = new RoundTable(_options.Rounds, new RoundNews(Observe, lost => Failure(_logger.EventsLost, lost)));
    }

    /// <summary>The clients that are present, in no order.</summary>
    public IReadOnlyList<RoundMember> Present => _table.Read(engine => engine.Present);

    /// <summary>The rounds closed last, oldest first.</summary>
    public IReadOnlyList<ClosedRound> History => _table.Read(engine => engine.History);

    /// <summary>The round that is open; null where none is, or where rounds are answered at once.</summary>
    public OpenRound? Open => _table.Read(engine => engine.Open);

    /// <summary>
    /// Closes the open round by hand; where the round before it is still aggregated, as soon as that is answered. Does
    /// not wait for the answers.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    public bool CloseRound() => _table.Close();

    /// <summary>
    /// Serves one client until its session ends. The next contribution is counted only after the answer to the one
    /// before was taken, so a client's backlog stays in its own connection.
    /// </summary>
    /// <param name="channel">The client's channel; disposed when this returns.</param>
    /// <param name="cancellationToken">Ends the session in order: the client is told that all is said.</param>
    /// <returns>How it went. What the client does wrong is told here and logged, not thrown.</returns>
    public async Task<SessionSummary> ServeAsync(ISecureChannel channel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(channel);
        try
        {
            ClientId id = channel.Peer.ClientId;
            string client = _options.LogNameOf(id);
            using RoundSeat seat = _table.Join(id, _options.WeightOf(id));
            try
            {
                SessionSummary summary = await new AggregationSession(channel, _table, seat, _options)
                    .RunAsync(cancellationToken)
                    .ConfigureAwait(false);
                if (summary.End is SessionEnd.ClosedByClient or SessionEnd.Stopped)
                    _logger.SessionEnded(client, summary.Rounds, summary.Detail);
                else
                    _logger.SessionTerminated(client, summary.Rounds, summary.End, summary.Detail);
                return summary;
            }
            finally
            {
                _table.Leave(seat);
            }
        }
        finally
        {
            await DisposeAsync(channel).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Stops the clock of the rounds. End the sessions first. A round that is aggregated meanwhile is answered to
    /// whoever is left.
    /// </summary>
    public void Dispose() => _table.Dispose();

    // A channel that does not come back from its end keeps its own resources, and no session.
    private async Task DisposeAsync(ISecureChannel channel)
    {
        try
        {
            await channel
                .DisposeAsync()
                .AsTask()
                .WaitAsync(AggregationSession.CloseTimeout, _options.Rounds.TimeProvider)
                .ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            _logger.ChannelNotDisposed(_options.LogNameOf(channel.Peer.ClientId), e);
        }
    }

    // Neither the log nor an observer, both the user's code, may end the session that tells them.
    private void Observe(RoundEvent roundEvent)
    {
        Failure(told => _logger.Log(told, _options.LogNameOf), roundEvent);
        if (_options.Rounds.Observer is { } observer && Failure(observer, roundEvent) is { } failure)
            Failure(_logger.ObserverFailed, failure);
    }

#pragma warning disable CA1031 // whatever a user's code throws must not end a client's session
    private static Exception? Failure<T>(Action<T> told, T what)
    {
        try
        {
            told(what);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
#pragma warning restore CA1031
}
