using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SymRatchet.Aggregation;
using SymRatchet.Samples.Server.Dashboard;

namespace SymRatchet.Samples.Server;

/// <summary>
/// Accepts connections and serves each on its own, until the host stops; then it ends the sessions in order.
/// </summary>
internal sealed class ConnectionLoop(
    TcpListener listener,
    SecureChannelServerOptions channelOptions,
    AggregationServer rounds,
    LiveBoard board,
    ILogger<ConnectionLoop> logger
) : BackgroundService
{
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Task, bool> _connections = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
                await AcceptOneAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            listener.Stop();
            logger.Stopping();
            await Task.WhenAll(_connections.Keys);
        }
    }

    private async Task AcceptOneAsync(CancellationToken stoppingToken)
    {
        try
        {
            Socket socket = await listener.AcceptSocketAsync(stoppingToken);
            Task connection = HandleAsync(socket, stoppingToken);
            _connections.TryAdd(connection, true);
            _ = connection.ContinueWith(done => _connections.TryRemove(done, out _), TaskScheduler.Default);
        }
        catch (SocketException e)
        {
            // Out of sockets, or a peer that was gone before it was accepted: those who are served must not suffer.
            logger.AcceptFailed(e.SocketErrorCode);
            await Task.Delay(AcceptRetryDelay, stoppingToken);
        }
    }

#pragma warning disable CA1031 // one connection's failure, whatever it is, ends that connection only
    private async Task HandleAsync(Socket socket, CancellationToken stoppingToken)
    {
        string remote = $"{socket.RemoteEndPoint}";
        try
        {
            socket.NoDelay = true;
            ObservedStream wire = new(socket);
            if (await HandshakeAsync(wire, remote, stoppingToken) is { } channel)
                await ServeAsync(channel, board.Enter(channel.Peer, remote, wire.Fingerprint), stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It was still in its handshake.
        }
        catch (Exception e)
        {
            logger.ConnectionFailed(remote, e);
            board.Failed(FailureStage.Connection, e.GetType().Name, remote, "the log says more");
        }
        finally
        {
            socket.Dispose();
        }
    }
#pragma warning restore CA1031

    // How many connections may be in their handshake is bounded by the options' limiter, which all of them share.
    private async Task<ISecureChannel?> HandshakeAsync(
        ObservedStream wire,
        string remote,
        CancellationToken stoppingToken
    )
    {
        try
        {
            return await SecureChannel.AcceptAsync(wire, channelOptions, stoppingToken);
        }
        catch (SecureChannelException e)
        {
            board.Failed(FailureStage.Handshake, e.Error.ToString(), remote, e.Message);
            return null; // the library has logged it
        }
    }

    private async Task ServeAsync(ISecureChannel channel, LiveSession session, CancellationToken stoppingToken)
    {
        try
        {
            SessionSummary summary = await rounds.ServeAsync(new ObservedChannel(channel, session), stoppingToken);
            if (summary.End is not (SessionEnd.ClosedByClient or SessionEnd.Stopped))
                board.Failed(
                    FailureStage.Session,
                    summary.End == SessionEnd.ChannelFailed ? $"{summary.Error}" : $"{summary.End}",
                    $"{session.Client} at {session.Remote}",
                    summary.Detail
                );
        }
        finally
        {
            board.Leave(session);
        }
    }
}
