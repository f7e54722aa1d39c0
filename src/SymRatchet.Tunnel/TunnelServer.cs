using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;
using SymRatchet.Tunnel.Multiplexing;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>
/// Accepts channels, and carries each to the target of its client over a plain connection of its own.
/// </summary>
/// <remarks>
/// A half-close of one side is a half-close of the other. Whatever else ends one side, the death of this process
/// included, resets the other, so that no program takes a truncated stream for a complete one. Thread-safe.
/// </remarks>
public sealed class TunnelServer : IAsyncDisposable
{
    private readonly ConnectionSet _connections;
    private readonly ConnectionLimiter _limiter = new();
    private readonly TargetSide _targets;
    private readonly LinkSet _links = new();
    private readonly TunnelShutdown _shutdown;
    private readonly ILogger _logger;
    private volatile State _state;

    private TunnelServer(TunnelServerOptions options, Acceptor acceptor, ILogger logger)
    {
        _state = State.Of(options);
        _logger = logger;
        _connections = new ConnectionSet(options.Channel.TimeProvider);
        ConnectionReport report = new(logger, ConnectionReport.Server, options.Name);
        _targets = new TargetSide(_connections, _limiter, report, logger);
        _shutdown = new TunnelShutdown(acceptor, _connections, logger);
        LocalEndPoint = acceptor.LocalEndPoint;
        acceptor.Start(socket => _ = AcceptAsync(socket));
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
    /// <returns>The server.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="SocketException">
    /// The name to listen on is unknown, or the address is in use or not one of this machine.
    /// </exception>
    public static async Task<TunnelServer> StartAsync(
        TunnelServerOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        TunnelServerOptions own = options.Validated();
        ILogger logger = TunnelLog.Create(own.Channel.LoggerFactory);
        Acceptor acceptor = await Acceptor
            .ListenAsync(
                own.ToListen(),
                isPlain: false,
                own.DisplayName,
                own.Channel.TimeProvider,
                logger,
                cancellationToken
            )
            .ConfigureAwait(false);
        return new TunnelServer(own, acceptor, logger);
    }

    /// <summary>Takes new options for all later connections. Those that are carried go on.</summary>
    /// <param name="options">The options; copied. They must listen where the old ones do.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The options are incomplete or out of range, or listen elsewhere. The old ones stay in force.
    /// </exception>
    public void Reload(TunnelServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TunnelServerOptions own = options.Validated();
        TunnelShutdown.CheckListensAsBefore(own, _state.Options);
        _state = State.Of(own);
        _logger.Reloaded(own.DisplayName);
    }

    /// <summary>
    /// Stops to accept, waits up to <see cref="TunnelOptions.DrainTimeout"/> until all connections have ended, and
    /// resets those that have not.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        TunnelServerOptions options = _state.Options;
        await _shutdown.StopAsync(options, options.Channel.TimeProvider, cancellationToken).ConfigureAwait(false);
        await _links.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Stops as <see cref="StopAsync"/> does.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    // A failed handshake is logged and counted by the channel.
    private async Task AcceptAsync(Socket socket)
    {
        await Task.Yield();
        State state = _state;
        SecureChannelServerOptions options = state.Options.Channel;
        try
        {
            ISecureChannel channel = await SecureChannel
                .AcceptAsync(new NetworkStream(socket, ownsSocket: true), options, _shutdown.Stopping)
                .ConfigureAwait(false);
            if (!state.Options.Multiplex)
                await _targets
                    .ServeAsync(new ChannelEnd(channel), channel.Peer.ClientId, socket, state.Target)
                    .ConfigureAwait(false);
            else
                await _links
                    .ServeAsync(
                        channel,
                        socket,
                        LinkKind.Forward,
                        options.HashIdsInLogs,
                        Take,
                        link => link.Ended,
                        _logger,
                        _shutdown.Stopping
                    )
                    .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is not (IOException or OperationCanceledException))
                _logger.Failed(state.Options.DisplayName, e);
        }
    }

    // The options are those of the moment, so that a reload applies to every later connection of a link.
    private void Take(Link link, StreamEnd stream)
    {
        if (_shutdown.Stopping.IsCancellationRequested)
            stream.Abort();
        else
            _ = Task.Run(() => _targets.ServeAsync(stream, link.Client, transport: null, _state.Target));
    }

    private sealed record State(TunnelServerOptions Options, TargetSide.Target Target)
    {
        internal static State Of(TunnelServerOptions options) =>
            new(
                options,
                new TargetSide.Target(
                    options.DisplayName,
                    options.ToRoutes(),
                    options.MaxConnections,
                    options.MaxConnectionsPerId,
                    options.TargetTimeout,
                    options.Channel.HashIdsInLogs,
                    options.Channel.TimeProvider
                )
            );
    }
}
