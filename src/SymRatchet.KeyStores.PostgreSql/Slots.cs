namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// A number of slots, given to calls in their order, but in a jam to those that came last. A handshake takes several
/// calls within its time. Where each would wait for most of that time, no handshake would end, however much the
/// database does. In a jam the calls of some are served at once instead, one after the other, and the oldest fail,
/// which have the least time left. Thread-safe.
/// </summary>
/// <param name="count">How many there are.</param>
/// <param name="time">The clock; by default the system's.</param>
internal sealed class Slots(int count, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _gate = new();
    private readonly LinkedList<Waiter> _waiting = [];
    private int _free = count;

    /// <summary>Waits for a slot.</summary>
    /// <param name="timeout">How long. It is a jam when somebody has waited for half of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False if there was none in time.</returns>
    internal async ValueTask<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        LinkedListNode<Waiter> own;
        lock (_gate)
        {
            if (_free > 0)
            {
                _free--;
                return true;
            }

            own = _waiting.AddLast(new Waiter(_time, timeout / 2));
        }

        await own
            .Value.Given.WaitAsync(timeout, _time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            if (own.List is null)
                return true; // it was given one, if at the last moment
            _waiting.Remove(own);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return false;
    }

    /// <summary>Gives a slot to whoever is next, or back.</summary>
    internal void Release()
    {
        LinkedListNode<Waiter>? next;
        lock (_gate)
        {
            next = _waiting.First is { Value.IsLate: true } ? _waiting.Last : _waiting.First;
            if (next is null)
                _free++;
            else
                _waiting.Remove(next);
        }

        next?.Value.Give();
    }

    private sealed class Waiter(TimeProvider time, TimeSpan patience)
    {
        private readonly long _since = time.GetTimestamp();
        private readonly TaskCompletionSource _given = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal Task Given => _given.Task;

        internal bool IsLate => time.GetElapsedTime(_since) > patience;

        internal void Give() => _given.SetResult();
    }
}
