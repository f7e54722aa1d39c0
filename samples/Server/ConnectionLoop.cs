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
    internal const int MaxMessageSize = 64 * 1024;

    // Connections that have proven nothing yet cost a socket each; beyond this many, a new one is refused at once.
    private const int MaxPendingHandshakes = 1024;

    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Task, bool> _connections = new();
    private int _pendingHandshakes;

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
            if (await HandshakeAsync(socket, remote, stoppingToken) is { } channel)
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

    private async Task<ISecureChannel?> HandshakeAsync(Socket socket, string remote, CancellationToken stoppingToken)
    {
        try
        {
            if (Interlocked.Increment(ref _pendingHandshakes) > MaxPendingHandshakes)
            {
                logger.TooManyHandshakes(remote, MaxPendingHandshakes);
                return null;
            }

            return await SecureChannel.AcceptAsync(new NetworkStream(socket, ownsSocket: true), channelOptions, stoppingToken);
        }
        catch (SecureChannelException)
        {
            return null; // the library has logged it
        }
        finally
        {
            Interlocked.Decrement(ref _pendingHandshakes);
        }
    }
}
