using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;
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
    private readonly ConnectionReport _report;
    private readonly TunnelShutdown _shutdown;
    private readonly ILogger _logger;
    private volatile State _state;

    private TunnelClient(TunnelClientOptions options, Acceptor acceptor, ILogger logger)
    {
        _state = new State(options, logger);
        _logger = logger;
        _connections = new ConnectionSet(options.Channel.TimeProvider);
        _report = new ConnectionReport(logger, ConnectionReport.Client, options.Name);
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
        _state = new State(own, _logger);
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

    private async Task ServeAsync(Socket socket)
    {
        State state = _state;
        TunnelClientOptions options = state.Options;
        TunnelConnection connection = new(options.Channel.TimeProvider);
        connection.Watch(socket);
        _report.Began();
        _connections.Add(connection);
        await Task.Yield();
        string client = "this client";
        Relay? relay = null;
        ConnectionFailure? failure = null;
        bool isCounted = false;
        try
        {
            if (_limiter.TryEnter(null, options.MaxConnections, int.MaxValue) is { } limit)
            {
                failure = ConnectionFailure.Limit(limit);
                return;
            }

            isCounted = true;
            (SecuredConnection? found, failure) = await ConnectAsync(state, connection).ConfigureAwait(false);
            if (found is not { } secured)
                return;
            connection.Watch(secured.Transport);
            client = options.Channel.HashIdsInLogs ? secured.Client.ToHash() : secured.Client.ToString();
            failure = ConnectionFailure.Of(
                await connection
                    .RelayAsync(SocketEnd.Of(socket), secured.End, started => relay = started)
                    .ConfigureAwait(false),
                "application"
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
                PlainSocket.Reset(socket);
            if (isCounted)
                _limiter.Leave(null);
            _report.Ended(client, options.Connect!, connection, relay, failure);
            _connections.Remove(connection);
        }
    }

    private static async Task<(SecuredConnection?, ConnectionFailure?)> ConnectAsync(
        State state,
        TunnelConnection connection
    )
    {
        TunnelClientOptions options = state.Options;
        using CancellationTokenSource limit = new(options.ConnectTimeout, options.Channel.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, connection.Ending);
        try
        {
            await state.Connecting.WaitAsync(either.Token).ConfigureAwait(false);
            try
            {
                return (await state.Dialer.ConnectAsync(either.Token).ConfigureAwait(false), null);
            }
            finally
            {
                state.Connecting.Release();
            }
        }
        catch (IOException e)
        {
            return (null, ConnectionFailure.Connect(e.Message));
        }
        catch (OperationCanceledException)
        {
            return (
                null,
                connection.Reason is { } reason
                    ? ConnectionFailure.Stopped(reason)
                    : ConnectionFailure.Connect($"none within {options.ConnectTimeout.TotalSeconds:0.#} s")
            );
        }
    }

#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
    private sealed class State(TunnelClientOptions options, ILogger logger)
#pragma warning restore CA1001
    {
        internal TunnelClientOptions Options => options;

        internal ChannelDialer Dialer { get; } = new(options, logger);

        internal SemaphoreSlim Connecting { get; } = new(options.MaxConnecting);
    }
}
