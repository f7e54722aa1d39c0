using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Multiplexing;
using SymRatchet.Tunnel.Routing;

namespace SymRatchet.Tunnel;

/// <summary>
/// Accepts the channels of clients that cannot be reached, such as devices behind NAT, and listens for each of them: a
/// connection that is accepted there is carried to the client's target.
/// </summary>
/// <remarks>
/// The ends of connections are carried as by a <see cref="TunnelServer"/>. An end point is listened on while its client
/// is connected; if a client connects again before its old channel was found dead, the new one takes its place.
/// Thread-safe.
/// </remarks>
public sealed class ReverseTunnelServer : IAsyncDisposable
{
    private readonly ConnectionSet _connections;
    private readonly ConnectionLimiter _limiter = new();
    private readonly EntrySide _entries;
    private readonly LinkSet _links = new();
    private readonly ReverseListeners _listeners;
    private readonly TunnelShutdown _shutdown;
    private readonly ILogger _logger;
    private volatile State _state;

    private ReverseTunnelServer(ReverseTunnelServerOptions options, Acceptor acceptor, ILogger logger)
    {
        _state = new State(options, options.ToTable());
        _logger = logger;
        _connections = new ConnectionSet(options.Channel.TimeProvider);
        ConnectionReport report = new(logger, ConnectionReport.Client, options.Name);
        _entries = new EntrySide(_connections, _limiter, report, logger);
        _listeners = new ReverseListeners(options.Channel.TimeProvider, logger);
        _shutdown = new TunnelShutdown(acceptor, _connections, logger);
        LocalEndPoint = acceptor.LocalEndPoint;
        acceptor.Start(socket => _ = AcceptAsync(socket));
    }

    /// <summary>Gets the local end point for clients, with the port that the system chose if 0 was given.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>Gets the number of connections that are carried.</summary>
    public int ConnectionCount => _limiter.Count;

    /// <summary>Gets the ids of the clients that are connected, in no order.</summary>
    public IReadOnlyList<ClientId> Clients => _listeners.Clients;

    /// <summary>Starts to listen for clients.</summary>
    /// <param name="options">The options; copied.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The server.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="SocketException">
    /// The name to listen on is unknown, or the address is in use or not one of this machine.
    /// </exception>
    public static async Task<ReverseTunnelServer> StartAsync(
        ReverseTunnelServerOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        ReverseTunnelServerOptions own = options.Validated();
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
        return new ReverseTunnelServer(own, acceptor, logger);
    }

    /// <summary>Takes new options for clients that connect and for connections that are accepted later.</summary>
    /// <param name="options">The options; copied. They must listen where the old ones do.</param>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The options are incomplete or out of range, or listen elsewhere. The old ones stay in force.
    /// </exception>
    public void Reload(ReverseTunnelServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ReverseTunnelServerOptions own = options.Validated();
        TunnelShutdown.CheckListensAsBefore(own, _state.Options);
        _state = new State(own, own.ToTable());
        _logger.Reloaded(own.DisplayName);
    }

    /// <summary>
    /// Stops to accept clients and connections, waits up to <see cref="TunnelOptions.DrainTimeout"/> until all
    /// connections have ended, and resets those that have not.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        ReverseTunnelServerOptions options = _state.Options;
        await _listeners.DisposeAsync().ConfigureAwait(false);
        await _shutdown.StopAsync(options, options.Channel.TimeProvider, cancellationToken).ConfigureAwait(false);
        await _links.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Stops as <see cref="StopAsync"/> does.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    // A failed handshake is logged and counted by the channel.
    private async Task AcceptAsync(Socket socket)
    {
        await Task.Yield();
        ReverseTunnelServerOptions options = _state.Options;
        try
        {
            ISecureChannel channel = await SecureChannel
                .AcceptAsync(new NetworkStream(socket, ownsSocket: true), options.Channel, _shutdown.Stopping)
                .ConfigureAwait(false);
            await _links
                .ServeAsync(
                    channel,
                    socket,
                    LinkKind.Reverse,
                    options.Channel.HashIdsInLogs,
                    onOffered: null,
                    ServeAsync,
                    _logger,
                    _shutdown.Stopping
                )
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is not (IOException or OperationCanceledException))
                _logger.Failed(options.DisplayName, e);
        }
    }

    private async Task ServeAsync(Link link)
    {
        State state = _state;
        string name = link.NameFor(state.Options.Channel.HashIdsInLogs);
        if (state.Table.Find(link.Client) is not { } listen)
        {
            _logger.ReverseRefused(name, "no route is for the id");
            return;
        }

        await _listeners.ListenAsync(link, listen, name, socket => _ = ServeAsync(socket, link)).ConfigureAwait(false);
    }

    private Task ServeAsync(Socket socket, Link link)
    {
        ReverseTunnelServerOptions options = _state.Options;
        EntrySide.Entry entry = new(
            options.DisplayName,
            "client",
            link.Client,
            options.MaxConnections,
            options.MaxConnectionsPerId,
            options.ConnectTimeout,
            options.Channel.HashIdsInLogs,
            options.Channel.TimeProvider
        );
        return _entries.ServeAsync(
            socket,
            entry,
            async token => new SecuredConnection(
                await link.OpenAsync(onDisposed: null, token).ConfigureAwait(false),
                link.Client,
                Transport: null
            )
        );
    }

    private sealed record State(ReverseTunnelServerOptions Options, ReverseTable Table);
}
