namespace SymRatchet.Channel;

/// <summary>
/// Detects a peer that has gone silently: after an interval without data it sends a PING, and if nothing arrives within
/// the timeout, the channel fails. Arrival is observed through the reads of the transport, so traffic costs nothing
/// extra; while this side does not receive, no read is pending and nothing is concluded.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly TimeSpan _checkInterval;
    private readonly TimeSpan _timeout;
    private readonly Func<long?> _pendingRead;
    private readonly Func<bool> _tryPing;
    private readonly Action _silent;
    private readonly ITimer _timer;
    private TimeSpan _due;
    private TimeSpan _remaining;
    private long _lastRead;
    private bool _isPinged;

    /// <param name="interval">How long the peer may be silent before it is pinged; checked twice per interval.</param>
    /// <param name="timeout">How long the peer may take to answer.</param>
    /// <param name="time">The clock.</param>
    /// <param name="pendingRead">
    /// Returns the number of the pending read; 0 if there is none, null if the channel was collected.
    /// </param>
    /// <param name="tryPing">Sends a ping; returns false if the channel can no longer send one.</param>
    /// <param name="silent">Called once, when the peer has not answered in time.</param>
    internal KeepAlive(
        TimeSpan interval,
        TimeSpan timeout,
        TimeProvider time,
        Func<long?> pendingRead,
        Func<bool> tryPing,
        Action silent
    )
    {
        _checkInterval = interval / 2;
        _timeout = timeout;
        _pendingRead = pendingRead;
        _tryPing = tryPing;
        _silent = silent;
        // Each check schedules the next one, so two never run at a time.
        _timer = time.CreateTimer(
            static self => ((KeepAlive)self!).Check(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        Schedule(_checkInterval);
    }

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        if (_pendingRead() is not { } pending)
        {
            Dispose();
            return;
        }

        bool isSilent = pending != 0 && pending == _lastRead;
        bool wasPinged = _isPinged;
        (_lastRead, _isPinged) = (pending, isSilent);
        if (!isSilent)
            Schedule(_checkInterval);
        else if (!wasPinged && !_tryPing())
            Dispose();
        else if ((_remaining = wasPinged ? _remaining - _due : _timeout) <= TimeSpan.Zero)
            _silent();
        else
            Schedule(_remaining < _checkInterval ? _remaining : _checkInterval);
    }

    private void Schedule(TimeSpan due)
    {
        _due = due;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }
}
