namespace SymRatchet.Channel;

/// <summary>
/// Finds a peer that is gone without a word: after an interval in which nothing arrived it pings, and if then nothing
/// arrives for a time-out, the channel fails. What arrives is told by the reads of the transport, so traffic costs
/// nothing more; while nobody receives on this side, no read is out and nothing is concluded.
/// </summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly TimeSpan _look;
    private readonly TimeSpan _timeout;
    private readonly Func<long?> _pendingRead;
    private readonly Func<bool> _tryPing;
    private readonly Action _silent;
    private readonly ITimer _timer;
    private TimeSpan _due;
    private TimeSpan _left;
    private long _seen;
    private bool _isPinged;

    /// <param name="interval">
    /// After so long without anything from the peer it is pinged; looked at twice in the interval.
    /// </param>
    /// <param name="timeout">So long it may take to give a sign of life.</param>
    /// <param name="time">The clock.</param>
    /// <param name="pendingRead">
    /// The number of the read that waits for the peer now; 0 where none does, null where the channel is nobody's.
    /// </param>
    /// <param name="tryPing">Has a ping sent; false where the channel takes none any more.</param>
    /// <param name="silent">Called once for a peer that gave no sign of life.</param>
    internal KeepAlive(
        TimeSpan interval,
        TimeSpan timeout,
        TimeProvider time,
        Func<long?> pendingRead,
        Func<bool> tryPing,
        Action silent
    )
    {
        _look = interval / 2;
        _timeout = timeout;
        _pendingRead = pendingRead;
        _tryPing = tryPing;
        _silent = silent;
        // Each look sets the timer for the next one, so there are never two at a time.
        _timer = time.CreateTimer(
            static self => ((KeepAlive)self!).Look(),
            this,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
        Next(_look);
    }

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        if (_pendingRead() is not { } pending)
        {
            Dispose();
            return;
        }

        bool isSilent = pending != 0 && pending == _seen;
        bool wasPinged = _isPinged;
        (_seen, _isPinged) = (pending, isSilent);
        if (!isSilent)
            Next(_look);
        else if (!wasPinged && !_tryPing())
            Dispose();
        else if ((_left = wasPinged ? _left - _due : _timeout) <= TimeSpan.Zero)
            _silent();
        else
            Next(_left < _look ? _left : _look); // a sign of life is to be seen as soon as any other
    }

    private void Next(TimeSpan due)
    {
        _due = due;
        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }
}
