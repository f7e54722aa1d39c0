using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>
/// What one open page is sent: everything at once, and again whenever something has changed, a few times a second at
/// most. A reader that is slow gets fewer of them, and still the newest.
/// </summary>
internal sealed class DashboardFeed(ServerView server, LiveBoard board, AggregationServer rounds, TimeProvider time)
{
    internal const string EventType = "view";

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Goes on until it is cancelled, and then ends without an exception.</summary>
    internal async IAsyncEnumerable<SseItem<DashboardView>> WatchAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using PeriodicTimer timer = new(Interval, time);
        await using CancellationTokenRegistration ending = cancellationToken.Register(timer.Dispose);
        long told = -1;
        do
        {
            long version = board.Version;
            if (version == told)
                continue;
            yield return new SseItem<DashboardView>(board.View(server, rounds), EventType);
            told = version;
        } while (await timer.WaitForNextTickAsync(CancellationToken.None));
    }
}
