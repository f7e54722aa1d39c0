using System.Net;
using System.Net.Sockets;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Quickstart;

/// <summary>
/// An analytics server on a free port of the loopback: it takes connections and aggregates, until it is disposed.
/// </summary>
internal sealed class AnalyticsServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly InMemoryKeyStore _keys;
    private readonly AggregationServer _rounds;
    private readonly Task _running;

    internal AnalyticsServer(ClientKeys keys, int clients)
    {
        _keys = keys.ToServerStore();
        _rounds = new AggregationServer(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions { Closing = RoundClosing.WhenAllPresent(clients) },
            }
        );
        _listener.Start();
        _running = AcceptAsync(new SecureChannelServerOptions { Keys = _keys });
    }

    internal Endpoint Endpoint => Endpoint.Of(_listener.LocalEndpoint);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _listener.Dispose();
        _rounds.Dispose();
        _keys.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync(SecureChannelServerOptions options)
    {
        List<Task> serving = [];
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
                socket.NoDelay = true;
                serving.Add(ServeAsync(new NetworkStream(socket, ownsSocket: true), options));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(serving);
        }
    }

    private async Task ServeAsync(NetworkStream connection, SecureChannelServerOptions options)
    {
        try
        {
            ISecureChannel channel = await SecureChannel.AcceptAsync(connection, options, _stop.Token);
            await _rounds.ServeAsync(channel, _stop.Token);
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
        {
            // The client sees the same from its side, and says so.
        }
    }
}
