using SymRatchet.Protocol1;

namespace SymRatchet.TestKit;

/// <summary>Stores in memory that hold one identity at an epoch of one's choice, and what they hold later.</summary>
internal static class StoreAt
{
    internal static InMemoryKeyStore Epoch(ChannelRole role, PreSharedKey key, long epoch)
    {
        InMemoryKeyStore store = new(role);
        store.Add(key);
        using StoredKey? imported = store.FindAsync(key.Id).AsTask().GetAwaiter().GetResult();
        byte[] walked = imported!.EpochKey.ToArray();
        EpochChain.Walk(walked, epoch);
        store.AdvanceAsync(key.Id, imported.Serial, epoch, walked).AsTask().GetAwaiter().GetResult();
        return store;
    }

    /// <summary>The whole identity; a store in memory answers at once.</summary>
    internal static StoredKey Find(InMemoryKeyStore store, ClientId id) =>
        store.FindAsync(id).AsTask().GetAwaiter().GetResult()!;

    /// <summary>The epoch and the root key of it.</summary>
    internal static (long Epoch, string EpochKey) Of(InMemoryKeyStore store, PreSharedKey key)
    {
        using StoredKey stored = store.FindAsync(key.Id).AsTask().GetAwaiter().GetResult()!;
        return (stored.Epoch, Convert.ToHexStringLower(stored.EpochKey));
    }
}
