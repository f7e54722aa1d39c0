namespace SymRatchet.Channel;

/// <summary>
/// Allows one long key derivation at a time for each id, so that a client that opens many handshakes, each 65,536
/// epochs ahead, occupies one core and not all of them.
/// </summary>
internal static class PerIdentityLock
{
    private static readonly Dictionary<ClientId, Entry> Entries = [];

    internal static async ValueTask<T> RunAsync<T>(ClientId id, Func<T> work, CancellationToken cancellationToken)
    {
        Entry entry;
        lock (Entries)
        {
            if (!Entries.TryGetValue(id, out entry!))
                Entries.Add(id, entry = new Entry());
            entry.Users++;
        }

        try
        {
            await entry.Lock.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return work();
            }
            finally
            {
                entry.Lock.Release();
            }
        }
        finally
        {
            lock (Entries)
            {
                if (--entry.Users == 0)
                    Entries.Remove(id);
            }
        }
    }

    private sealed class Entry
    {
        internal SemaphoreSlim Lock { get; } = new(1, 1);

        internal int Users { get; set; }
    }
}
