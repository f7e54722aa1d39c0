using System.Text;

namespace SymRatchet.Samples.Attacks.Lab;

/// <summary>A key store in memory that an attacker may copy from and put old copies back into. Thread-safe.</summary>
internal sealed class LabKeyStore : IKeyStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredKey> _keys = [];

    internal LabKeyStore(ChannelRole role, params IEnumerable<PreSharedKey> keys)
    {
        foreach (PreSharedKey key in keys)
            PutBack(key.ImportFor(role));
    }

    /// <summary>A copy of what the store holds of an identity by now.</summary>
    internal StoredKey Copy(string id)
    {
        lock (_gate)
            return Copy(_keys[id]);
    }

    /// <summary>Puts back what the store once held; it belongs to the store from now on.</summary>
    internal void PutBack(StoredKey old)
    {
        string id = Encoding.UTF8.GetString(old.Id.Span);
        lock (_gate)
        {
            if (_keys.Remove(id, out StoredKey? replaced))
                replaced.Dispose();
            _keys.Add(id, old);
        }
    }

    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return ValueTask.FromResult(_keys.TryGetValue(Encoding.UTF8.GetString(id.Span), out StoredKey? key) ? Copy(key) : null);
    }

    public ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long serial, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            StoredKey key = _keys[Encoding.UTF8.GetString(id.Span)];
            if (epoch > key.Epoch)
                PutBack(new StoredKey(key.Protocol, key.Role, key.Id.Span, key.Evolution, key.IdentityKey, epoch, epochKey.Span));
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
        new(key.Protocol, key.Role, key.Id.Span, key.Evolution, key.IdentityKey, key.Epoch, key.EpochKey);
}
