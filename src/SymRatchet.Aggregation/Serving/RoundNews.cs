namespace SymRatchet.Aggregation;

/// <summary>
/// What happened in the rounds and is not told yet to the log and the observer, which are the user's code and may
/// block. Told in order, by one thread at a time: whoever finds another telling leaves its events to that one and goes
/// on. Thread-safe.
/// </summary>
/// <param name="tell">Tells of one event; throws nothing.</param>
/// <param name="tellLost">Tells how many events were not kept; throws nothing.</param>
internal sealed class RoundNews(Action<RoundEvent> tell, Action<int> tellLost)
{
    /// <summary>So many wait for a log that does not come back; those after them are only counted.</summary>
    internal const int MaxUntold = 8192;

    private readonly Lock _gate = new();
    private readonly Queue<RoundEvent> _pending = new();
    private int _lost;
    private bool _isTelling;

    internal void Add(RoundEvent roundEvent)
    {
        lock (_gate)
        {
            if (_pending.Count < MaxUntold)
                _pending.Enqueue(roundEvent);
            else
                _lost++;
        }
    }

    /// <summary>Tells what is untold. To be called without any lock.</summary>
    internal void Tell()
    {
        lock (_gate)
        {
            if (_isTelling)
                return;
            _isTelling = true;
        }

        while (TryTake(out RoundEvent? roundEvent, out int lost))
        {
            if (lost != 0)
                tellLost(lost);
            tell(roundEvent!);
        }
    }

    private bool TryTake(out RoundEvent? roundEvent, out int lost)
    {
        lock (_gate)
        {
            lost = _lost;
            _lost = 0;
            return _isTelling = _pending.TryDequeue(out roundEvent);
        }
    }
}
