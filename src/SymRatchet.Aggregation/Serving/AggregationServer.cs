using Microsoft.Extensions.Logging;

namespace SymRatchet.Aggregation;

/// <summary>Serves rounds over any number of channels: receives contributions and sends aggregates.</summary>
/// <remarks>
/// A failing or slow client does not affect the others. The aggregator runs on one thread of the pool at a time, and
/// only the clients of its round wait for it: others can join, leave and contribute to the next round meanwhile. A
/// logger or observer that blocks delays only one session. Thread-safe.
/// </remarks>
public sealed class AggregationServer : IDisposable
{
    private readonly AggregationServerOptions _options;
    private readonly ILogger _logger;
    private readonly RoundTable _table;

    /// <summary>Initializes a new instance of the <see cref="AggregationServer"/> class.</summary>
    /// <param name="options">The options; copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public AggregationServer(AggregationServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options.Validated();
        _logger = _options.LoggerFactory.CreateLogger("SymRatchet.Aggregation");
        _table = new RoundTable(
            _options.Rounds,
            new RoundEventQueue(Observe, dropped => Try(_logger.EventsDropped, dropped))
        );
    }

    /// <summary>Gets the present clients, in no particular order.</summary>
    public IReadOnlyList<RoundMember> Present => _table.Read(engine => engine.Present);

    /// <summary>Gets the most recently closed rounds, oldest first.</summary>
    public IReadOnlyList<ClosedRound> History => _table.Read(engine => engine.History);

    /// <summary>Gets the open round; null if there is none, and with <see cref="RoundClosing.Immediately"/>.</summary>
    public OpenRound? Open => _table.Read(engine => engine.Open);

    /// <summary>Closes the open round, without waiting for the answers.</summary>
    /// <returns>True if there was an open round; otherwise, false.</returns>
    /// <remarks>
    /// If the previous round is still being aggregated, the round closes as soon as that is answered.
    /// </remarks>
    public bool CloseRound() => _table.Close();

    /// <summary>Serves one client until its session ends.</summary>
    /// <param name="channel">The client's channel; disposed when this returns.</param>
    /// <param name="cancellationToken">Ends the session in order, with an authenticated close.</param>
    /// <returns>How the session ended. Errors of the client are returned here and logged, not thrown.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="channel"/> is null.</exception>
    /// <remarks>
    /// A contribution is counted only after the answer to the previous one was sent, so a client's backlog stays in its
    /// own connection.
    /// </remarks>
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

    /// <summary>Stops the timer of the rounds; end the sessions first.</summary>
    /// <remarks>A round that is being aggregated is still answered.</remarks>
    public void Dispose() => _table.Dispose();

    // A channel whose disposal hangs keeps its own resources but not the session.
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

    // Logger and observer are the application's code; their exceptions must not end the session.
    private void Observe(RoundEvent roundEvent)
    {
        Try(raised => _logger.Log(raised, _options.LogNameOf), roundEvent);
        if (_options.Rounds.Observer is { } observer && Try(observer, roundEvent) is { } failure)
            Try(_logger.ObserverFailed, failure);
    }

#pragma warning disable CA1031 // exceptions of the application's code must not end a client's session
    private static Exception? Try<T>(Action<T> call, T argument)
    {
        try
        {
            call(argument);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }
#pragma warning restore CA1031
}
