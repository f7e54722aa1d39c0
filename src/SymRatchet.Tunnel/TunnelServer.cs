using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;
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
    private readonly ConnectionReport _report;
    private readonly TunnelShutdown _shutdown;
    private readonly ILogger _logger;
    private volatile State _state;

    private TunnelServer(TunnelServerOptions options, Acceptor acceptor, ILogger logger)
    {
        _state = new State(options, options.ToRoutes());
        _logger = logger;
        _connections = new ConnectionSet(options.Channel.TimeProvider);
        _report = new ConnectionReport(logger, ConnectionReport.Server, options.Name);
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
        _state = new State(own, own.ToRoutes());
        _logger.Reloaded(own.DisplayName);
    }

    /// <summary>
    /// Stops to accept, waits up to <see cref="TunnelOptions.DrainTimeout"/> until all connections have ended, and
    /// resets those that have not.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task StopAsync(CancellationToken cancellationToken = default) =>
        _shutdown.StopAsync(_state.Options, _state.Options.Channel.TimeProvider, cancellationToken);

    /// <summary>Stops as <see cref="StopAsync"/> does.</summary>
    public ValueTask DisposeAsync() => new(StopAsync());

    // A failed handshake is logged and counted by the channel.
    private async Task AcceptAsync(Socket socket)
    {
        await Task.Yield();
        State state = _state;
        ISecureChannel channel;
        try
        {
            channel = await SecureChannel
                .AcceptAsync(new NetworkStream(socket, ownsSocket: true), state.Options.Channel, _shutdown.Stopping)
                .ConfigureAwait(false);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is not (IOException or OperationCanceledException))
                _logger.Failed(state.Options.DisplayName, e);
            return;
        }

        await ServeAsync(state, new ChannelEnd(channel), channel.Peer.ClientId, socket).ConfigureAwait(false);
    }

    /// <summary>Carries one connection of a client, whichever way it came.</summary>
    /// <param name="state">The options of this connection.</param>
    /// <param name="secured">The channel, or a stream of a multiplexer.</param>
    /// <param name="client">The client's id.</param>
    /// <param name="transport">The socket whose peer is watched with this connection; null if there is none.</param>
    private async Task ServeAsync(State state, RelayEnd secured, ClientId client, Socket? transport)
    {
        TunnelServerOptions options = state.Options;
        TunnelConnection connection = new(options.Channel.TimeProvider);
        connection.Watch(transport);
        string target = "no target";
        Relay? relay = null;
        ConnectionFailure? failure = null;
        _report.Began();
        _connections.Add(connection);
        bool isCounted = false;
        try
        {
            if (_limiter.TryEnter(client, options.MaxConnections, options.MaxConnectionsPerId) is { } limit)
            {
                failure = ConnectionFailure.Limit(limit);
                return;
            }

            isCounted = true;
            if (state.Routes.Find(client, out string? refusal) is not { } found)
            {
                failure = ConnectionFailure.Route(refusal!);
                return;
            }

            target = found.ToString();
            (Socket? plain, failure) = await ConnectAsync(found, options, connection).ConfigureAwait(false);
            if (plain is null)
                return;
            connection.Watch(plain);
            failure = ConnectionFailure.Of(
                await connection
                    .RelayAsync(SocketEnd.Of(plain), secured, started => relay = started)
                    .ConfigureAwait(false),
                "target"
            );
        }
        catch (Exception e)
        {
            failure = ConnectionFailure.Stopped(e.Message);
            _logger.Failed(options.DisplayName, e);
        }
        finally
        {
            if (failure is not null)
                secured.Abort();
            await secured.DisposeAsync().ConfigureAwait(false);
            if (isCounted)
                _limiter.Leave(client);
            _report.Ended(NameOf(client, options), target, connection, relay, failure);
            _connections.Remove(connection);
        }
    }

    private static string NameOf(ClientId client, TunnelServerOptions options) =>
        options.Channel.HashIdsInLogs ? client.ToHash() : client.ToString();

    private static async Task<(Socket?, ConnectionFailure?)> ConnectAsync(
        TunnelEndPoint target,
        TunnelServerOptions options,
        TunnelConnection connection
    )
    {
        using CancellationTokenSource limit = new(options.TargetTimeout, options.Channel.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.Ending);
        try
        {
            return (await PlainSocket.ConnectAsync(target, isPlain: true, either.Token).ConfigureAwait(false), null);
        }
        catch (SocketException e)
        {
            return (null, ConnectionFailure.Target(e.Message));
        }
        catch (OperationCanceledException)
        {
            return (
                null,
                connection.Reason is { } reason
                    ? ConnectionFailure.Stopped(reason)
                    : ConnectionFailure.Target($"not connected within {options.TargetTimeout.TotalSeconds:0.#} s")
            );
        }
    }

    private sealed record State(TunnelServerOptions Options, RouteTable Routes);
}
