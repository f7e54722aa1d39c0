namespace SymRatchet.Aggregation;

/// <summary>
/// Queues round events for the log and the observer, which are the application's code and may block. Events are
/// delivered in order, by one thread at a time: a thread that finds another one delivering leaves its events to it.
/// Thread-safe.
/// </summary>
/// <param name="deliver">Delivers one event; must not throw.</param>
/// <param name="reportDropped">Reports the number of dropped events; must not throw.</param>
internal sealed class RoundEventQueue(Action<RoundEvent> deliver, Action<int> reportDropped)
{
    /// <summary>The limit of queued events; further ones are dropped and counted.</summary>
    internal const int MaxPending = 8192;

    private readonly Lock _gate = new();
    private readonly Queue<RoundEvent> _pending = new();
    private int _dropped;
    private bool _isDelivering;

    internal void Add(RoundEvent roundEvent)
    {
        lock (_gate)
        {
            if (_pending.Count < MaxPending)
                _pending.Enqueue(roundEvent);
            else
                _dropped++;
        }
    }

    /// <summary>Delivers the queued events. Must be called without holding a lock.</summary>
    internal void Deliver()
    {
        lock (_gate)
        {
            if (_isDelivering)
                return;
            _isDelivering = true;
        }

        while (TryTake(out RoundEvent? roundEvent, out int dropped))
        {
            if (dropped != 0)
                reportDropped(dropped);
            deliver(roundEvent!);
        }
    }

    private bool TryTake(out RoundEvent? roundEvent, out int dropped)
    {
        lock (_gate)
        {
            dropped = _dropped;
            _dropped = 0;
            return _isDelivering = _pending.TryDequeue(out roundEvent);
        }
    }
}
