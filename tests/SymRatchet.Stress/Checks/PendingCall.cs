using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress.Checks;

/// <summary>A call in progress, under the eyes of the watchdog.</summary>
internal sealed class PendingCall(
    Watchdog watchdog,
    Step step,
    string what,
    Connection? connection,
    CancellationToken token,
    long began
) : IDisposable
{
    private readonly TaskCompletionSource _overdue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _canceled;

    internal Step Step => step;

    internal string What => what;

    internal Connection? Connection => connection;

    internal long Began => began;

    /// <summary>Completed when the watchdog has given the call up.</summary>
    internal Task Overdue => _overdue.Task;

    internal long SinceCanceled(long now)
    {
        if (!token.IsCancellationRequested)
            return 0;
        if (_canceled == 0)
            _canceled = now;
        return now - _canceled;
    }

    internal void Give() => _overdue.TrySetResult();

    public void Dispose() => watchdog.Leave(this);
}
