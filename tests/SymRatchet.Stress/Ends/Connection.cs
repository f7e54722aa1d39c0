namespace SymRatchet.Stress.Ends;

/// <summary>What both ends of one connection share: what may go wrong with it, and since when it is over.</summary>
internal sealed class Connection(string plan, Func<long> now)
{
    private long _endedSince;
    private volatile bool _mayFail;

    internal string Plan { get; set; } = plan;

    /// <summary>Whether somebody does, or may have done, what ends a channel.</summary>
    internal bool MayFail => _mayFail;

    /// <summary>When the channel was ended, by the watchdog's clock; 0 where it was not.</summary>
    internal long EndedSince => Volatile.Read(ref _endedSince);

    internal void AllowFailure() => _mayFail = true;

    /// <summary>Said before the channel is ended.</summary>
    internal void End()
    {
        _mayFail = true;
        Interlocked.CompareExchange(ref _endedSince, Math.Max(1, now()), 0);
    }
}
