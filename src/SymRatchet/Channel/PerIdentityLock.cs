namespace SymRatchet.Channel;

/// <summary>
/// One long derivation at a time for each id: a client that makes its server walk 65,536 epochs in each of many
/// handshakes costs one core and not all of them.
/// </summary>
internal static class PerIdentityLock
{
    private static readonly Dictionary<ClientId, Turn> Turns = [];

    internal static async ValueTask<T> TakeAsync<T>(ClientId id, Func<T> work, CancellationToken cancellationToken)
    {
        Turn turn;
        lock (Turns)
        {
            if (!Turns.TryGetValue(id, out turn!))
                Turns.Add(id, turn = new Turn());
            turn.Users++;
        }

        try
        {
            await turn.Lock.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return work();
            }
            finally
            {
                turn.Lock.Release();
            }
        }
        finally
        {
            lock (Turns)
            {
                if (--turn.Users == 0)
                    Turns.Remove(id);
            }
        }
    }

    private sealed class Turn
    {
        internal SemaphoreSlim Lock { get; } = new(1, 1);

        internal int Users { get; set; }
    }
}
