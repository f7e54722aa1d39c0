using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;
using SymRatchet.Tunnel.Multiplexing;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>
/// Accepts plain connections, and carries each over a channel of its own to a <see cref="TunnelServer"/>.
/// </summary>
/// <remarks>
/// A half-close of one side is a half-close of the other. Whatever else ends one side, the death of this process
/// included, resets the other, so that no program takes a truncated stream for a complete one. Thread-safe.
/// </remarks>
public sealed class TunnelClient : IAsyncDisposable
{
    private readonly ConnectionSet _connections;
    private readonly ConnectionLimiter _limiter = new();
    private readonly EntrySide _entries;
    private readonly TunnelShutdown _shutdown;
    private readonly ILogger _logger;
    private volatile State _state;

    private TunnelClient(TunnelClientOptions options, Acceptor acceptor, ILogger logger)
    {
        _state = new State(options, logger);
        _logger = logger;
        _connections = new ConnectionSet(options.Channel.TimeProvider);
        ConnectionReport report = new(logger, ConnectionReport.Client, options.Name);
        _entries = new EntrySide(_connections, _limiter, report, logger);
        _shutdown = new TunnelShutdown(acceptor, _connections, logger);
        LocalEndPoint = acceptor.LocalEndPoint;
        acceptor.Start(socket => _ = ServeAsync(socket));
    }

    /// <summary>Gets the local end point, with the port that the system chose if 0 was given.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>Gets the number of connections that are carried.</summary>
    public int ConnectionCount => _limiter.Count;

    /// <summary>Gets the connections that are carried.</summary>
    internal ConnectionSet Connections => _connections;

    /// <summary>Starts to listen.</summary>
    /// <param name="options">The options; copied.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The client.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="SocketException">
    /// The name to listen on is unknown, or the address is in use or not one of this machine.
    /// </exception>
    public static async Task<TunnelClient> StartAsync(
        TunnelClientOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        TunnelClientOptions own = options.Validated();
        ILogger logger = TunnelLog.Create(own.Channel.LoggerFactory);
        Acceptor acceptor = await Acceptor
            .ListenAsync(
                own.ToListen(),
                isPlain: true,
                own.DisplayName,
                own.Channel.TimeProvider,
                logger,
                cancellationToken
            )
            .ConfigureAwait(false);
        return new TunnelClient(own, acceptor, logger);
    }

    /// <summary>Takes new options for all later connections. Those that are carried go on.</summary>
    /// <param name="options">The options; copied. They must listen where the old ones do.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The options are incomplete or out of range, or listen elsewhere. The old ones stay in force.
    /// </exception>
    public void Reload(TunnelClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TunnelClientOptions own = options.Validated();
        TunnelShutdown.CheckListensAsBefore(own, _state.Options);
        State before = _state;
        _state = new State(own, _logger);
        before.Links?.Retire();
        _logger.Reloaded(own.DisplayName);
    }

    /// <summary>
    /// Stops to accept, waits up to <see cref="TunnelOptions.DrainTimeout"/> until all connections have ended, and
    /// resets those that have not.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        State state = _state;
        TimeProvider time = state.Options.Channel.TimeProvider;
        await _shutdown.StopAsync(state.Options, time, cancellationToken).ConfigureAwait(false);
        state.Links?.Retire();
    }

    /// <summary>Stops as <see cref="StopAsync"/> does.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    private Task ServeAsync(Socket socket)
    {
        State state = _state;
        return _entries.ServeAsync(socket, state.Entry, state.ConnectAsync);
    }

#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
    private sealed class State
#pragma warning restore CA1001
    {
        private readonly ChannelDialer _dialer;
        private readonly SemaphoreSlim _connecting;

        internal State(TunnelClientOptions options, ILogger logger)
        {
            Options = options;
            _dialer = new ChannelDialer(options.ToConnect(), options.ConnectRetries, options.Channel, logger);
            _connecting = new SemaphoreSlim(options.MaxConnecting);
            Links = options.Multiplex ? new LinkPool(_dialer) : null;
            Entry = new EntrySide.Entry(
                options.DisplayName,
                options.Connect!,
                Client: null,
                options.MaxConnections,
                MaxConnectionsPerId: int.MaxValue,
                options.ConnectTimeout,
                options.Channel.HashIdsInLogs,
                options.Channel.TimeProvider
            );
        }

        internal TunnelClientOptions Options { get; }

        internal EntrySide.Entry Entry { get; }

        /// <summary>The channel that all connections share; null if each has its own.</summary>
        internal LinkPool? Links { get; }

        internal async ValueTask<SecuredConnection> ConnectAsync(CancellationToken cancellationToken)
        {
            if (Links is not null)
                return await Links.OpenAsync(cancellationToken).ConfigureAwait(false);
            await _connecting.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                (ISecureChannel channel, Socket transport) = await _dialer
                    .ConnectAsync(cancellationToken)
                    .ConfigureAwait(false);
                return new SecuredConnection(new ChannelEnd(channel), channel.Peer.ClientId, transport);
            }
            finally
            {
                _connecting.Release();
            }
        }
    }
}
