using System.Collections.Concurrent;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Checks;

/// <summary>
/// Watches every call that is in progress. Its clock ticks on the thread pool, ten times a second where the machine
/// is idle and less often where it is loaded, so that a slow machine is not taken for a call that hangs.
/// </summary>
internal sealed class Watchdog
{
    internal const int TicksPerSecond = 10;
    private const long EndedLimit = 10 * TicksPerSecond;
    private const long CallLimit = 60 * TicksPerSecond;

    private readonly ConcurrentDictionary<PendingCall, bool> _calls = new();
    private long _now;

    internal long Now => Volatile.Read(ref _now);

    internal int Calls => _calls.Count;

    internal PendingCall Enter(Step step, string what, Connection? connection, CancellationToken token)
    {
        PendingCall call = new(this, step, what, connection, token, Now);
        _calls.TryAdd(call, true);
        return call;
    }

    internal void Leave(PendingCall call) => _calls.TryRemove(call, out _);

    internal async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1.0 / TicksPerSecond), CancellationToken.None);
            long now = Interlocked.Increment(ref _now);
            foreach (PendingCall call in _calls.Keys)
            {
                if (WhyOverdue(call, now) is not { } why)
                    continue;
                Leave(call);
                call.Step.Fail($"{call.What} did not return: {why}", call.Connection);
                call.Give();
            }
        }
    }

    private static string? WhyOverdue(PendingCall call, long now)
    {
        if (call.SinceCanceled(now) > EndedLimit)
            return "it was cancelled 10 s ago";
        if (call.Connection is { EndedSince: > 0 and var ended } && now - Math.Max(ended, call.Began) > EndedLimit)
            return "its channel was ended 10 s ago";
        return now - call.Began > CallLimit ? "it was begun 60 s ago, and nothing keeps it" : null;
    }
}
