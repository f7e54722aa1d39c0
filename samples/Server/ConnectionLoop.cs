using System.Collections.Concurrent;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server;

/// <summary>Accepts connections and serves each on its own, until the host stops; then it ends the sessions in order.</summary>
internal sealed class ConnectionLoop(
    TcpListener listener, SecureChannelServerOptions channelOptions, AggregationServer rounds, ILogger<ConnectionLoop> logger) : BackgroundService
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
            logger.Stopping(_connections.Count);
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
            if (await HandshakeAsync(socket, stoppingToken) is { } channel)
                await rounds.ServeAsync(channel, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // It was still in its handshake.
        }
        catch (Exception e)
        {
            logger.ConnectionFailed(remote, e);
        }
        finally
        {
            socket.Dispose();
        }
    }
#pragma warning restore CA1031

    // How many connections may be in their handshake is bounded by the options' limiter, which all of them share.
    private async Task<ISecureChannel?> HandshakeAsync(Socket socket, CancellationToken stoppingToken)
    {
        try
        {
            return await SecureChannel.AcceptAsync(new NetworkStream(socket, ownsSocket: true), channelOptions, stoppingToken);
        }
        catch (SecureChannelException)
        {
            return null; // the library has logged it
        }
    }
}
