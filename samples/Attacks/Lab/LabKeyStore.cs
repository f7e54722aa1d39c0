namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>A key store in memory that an attacker may copy from and put old copies back into. Thread-safe.</summary>
internal sealed class LabKeyStore : IKeyStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ClientId, StoredKey> _keys = [];

    internal LabKeyStore(ChannelRole role, params IEnumerable<PreSharedKey> keys)
    {
        foreach (PreSharedKey key in keys)
            PutBack(key.ImportFor(role));
    }

    /// <summary>A copy of what the store holds of an identity by now.</summary>
    internal StoredKey Copy(ClientId id)
    {
        lock (_gate)
            return Copy(_keys[id]);
    }

    /// <summary>Puts back what the store once held; it belongs to the store from now on.</summary>
    internal void PutBack(StoredKey old)
    {
        lock (_gate)
        {
            if (_keys.Remove(old.Id, out StoredKey? replaced))
                replaced.Dispose();
            _keys.Add(old.Id, old);
        }
    }

    public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return ValueTask.FromResult(_keys.TryGetValue(id, out StoredKey? key) ? Copy(key) : null);
    }

    public ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    )
    {
        lock (_gate)
        {
            StoredKey key = _keys[id];
            if (epoch > key.Epoch)
                PutBack(
                    new StoredKey(key.Protocol, key.Role, key.Id, key.Evolution, key.IdentityKey, epoch, epochKey.Span)
                );
        }

        return ValueTask.CompletedTask;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            foreach (StoredKey key in _keys.Values)
                key.Dispose();
        }
    }

    private static StoredKey Copy(StoredKey key) =>
        new(key.Protocol, key.Role, key.Id, key.Evolution, key.IdentityKey, key.Epoch, key.EpochKey);
}
