using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Multiplexing;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>
/// Stays connected to a <see cref="ReverseTunnelServer"/>, and carries each connection that the server accepts for it
/// to a target here. For devices that can dial out and cannot be reached.
/// </summary>
/// <remarks>
/// If the channel fails, it is connected again, with random, growing delays. The ends of connections are carried as by
/// a <see cref="TunnelClient"/>. Thread-safe.
/// </remarks>
public sealed class ReverseTunnelClient : IAsyncDisposable
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(60);

    private readonly ConnectionSet _connections;
    private readonly ConnectionLimiter _limiter = new();
    private readonly TargetSide _targets;
    private readonly TunnelShutdown _shutdown;
    private readonly CancellationTokenSource _ending = new();
    private readonly ILogger _logger;
    private readonly Task _running;
    private volatile State _state;
    private Link? _link;

    private ReverseTunnelClient(ReverseTunnelClientOptions options, ILogger logger)
    {
        _logger = logger;
        _state = new State(options, logger);
        _connections = new ConnectionSet(options.Channel.TimeProvider);
        ConnectionReport report = new(logger, ConnectionReport.Server, options.Name);
        _targets = new TargetSide(_connections, _limiter, report, logger);
        _shutdown = new TunnelShutdown(acceptor: null, _connections, logger);
        _running = RunAsync();
    }

    /// <summary>Gets the number of connections that are carried.</summary>
    public int ConnectionCount => _limiter.Count;

    /// <summary>Gets whether the channel to the server is established.</summary>
    public bool IsConnected => Volatile.Read(ref _link) is { HasEnded: false };

    /// <summary>Starts to connect, and goes on until it is stopped.</summary>
    /// <param name="options">The options; copied.</param>
    /// <returns>The client, which may not be connected yet.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    public static ReverseTunnelClient Start(ReverseTunnelClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ReverseTunnelClientOptions own = options.Validated();
        return new ReverseTunnelClient(own, TunnelLog.Create(own.Channel.LoggerFactory));
    }

    /// <summary>Takes new options for later connections, and for the next channel.</summary>
    /// <param name="options">The options; copied.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The options are incomplete or out of range. The old ones stay in force.
    /// </exception>
    public void Reload(ReverseTunnelClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ReverseTunnelClientOptions own = options.Validated();
        _state = new State(own, _logger);
        _logger.Reloaded(own.DisplayName);
    }

    /// <summary>
    /// Takes no more connections, waits up to <see cref="TunnelOptions.DrainTimeout"/> until all have ended, resets
    /// those that have not, and ends the channel.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        ReverseTunnelClientOptions options = _state.Options;
        await _shutdown.StopAsync(options, options.Channel.TimeProvider, cancellationToken).ConfigureAwait(false);
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    /// <summary>Stops as <see cref="StopAsync"/> does.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    private async Task RunAsync()
    {
        await Task.Yield();
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                State state = _state;
                Link link = await state
                    .Retries.ExecuteAsync(
                        async token => await ConnectAsync(state, token).ConfigureAwait(false),
                        _ending.Token
                    )
                    .ConfigureAwait(false);
                await using (link.ConfigureAwait(false))
                {
                    Volatile.Write(ref _link, link);
                    await link.Ended.WaitAsync(_ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                // A server that ends each channel at once is not asked in a tight loop.
                await Task.Delay(FirstDelay, state.Options.Channel.TimeProvider, _ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _logger.Failed(_state.Options.DisplayName, e);
            }
        }
    }

    private async Task<Link> ConnectAsync(State state, CancellationToken cancellationToken)
    {
        (ISecureChannel channel, Socket transport) = await state
            .Dialer.ConnectAsync(cancellationToken)
            .ConfigureAwait(false);
        return await Link.StartAsync(channel, transport, LinkKind.Reverse, Take, cancellationToken)
            .ConfigureAwait(false);
    }

    private void Take(Link link, StreamEnd stream)
    {
        if (_shutdown.Stopping.IsCancellationRequested)
            stream.Abort();
        else
            _ = Task.Run(() => _targets.ServeAsync(stream, link.Client, transport: null, _state.Target));
    }

    private sealed class State
    {
        internal State(ReverseTunnelClientOptions options, ILogger logger)
        {
            Options = options;
            Dialer = new ChannelDialer(options.ToConnect(), retries: 0, options.Channel, logger);
            Target = new TargetSide.Target(
                options.DisplayName,
                new RouteTable([], options.ToForward(), []),
                options.MaxConnections,
                MaxConnectionsPerId: int.MaxValue,
                options.TargetTimeout,
                options.Channel.HashIdsInLogs,
                options.Channel.TimeProvider
            );
            Retries = new ResiliencePipelineBuilder { TimeProvider = options.Channel.TimeProvider }
                .AddRetry(
                    new RetryStrategyOptions
                    {
                        // Also what is not transient: the key may be rotated, or the server told to multiplex.
                        ShouldHandle = new PredicateBuilder().Handle<IOException>(),
                        MaxRetryAttempts = int.MaxValue,
                        BackoffType = DelayBackoffType.Exponential,
                        UseJitter = true,
                        Delay = FirstDelay,
                        MaxDelay = LongestDelay,
                        OnRetry = retry =>
                        {
                            string reason = retry.Outcome.Exception?.Message ?? "";
                            logger.ReverseRetries(options.Connect!, retry.RetryDelay.TotalSeconds, reason);
                            return default;
                        },
                    }
                )
                .Build();
        }

        internal ReverseTunnelClientOptions Options { get; }

        internal ChannelDialer Dialer { get; }

        internal TargetSide.Target Target { get; }

        internal ResiliencePipeline Retries { get; }
    }
}
