using System.Net;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Quickstart;

/// <summary>
/// An analytics server on a free port of the loopback: it takes connections and aggregates, until it is disposed.
/// </summary>
internal sealed class AnalyticsServer : IAsyncDisposable
{
    private readonly SecureChannelListener _listener;
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
        _listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            new SecureChannelServerOptions { Keys = _keys }
        );
        _running = _listener.ServeAsync(_rounds.ServeAsync, _stop.Token);
    }

    internal Endpoint Endpoint => Endpoint.Of(_listener.LocalEndPoint);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        await _listener.DisposeAsync();
        _rounds.Dispose();
        _keys.Dispose();
        _stop.Dispose();
    }
}
