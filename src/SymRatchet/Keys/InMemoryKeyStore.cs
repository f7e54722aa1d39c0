using System.Text;
using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>
/// Keys in this process's memory: for servers that are provisioned at each start, and for tests. Thread-safe. After a restart it
/// starts at epoch 0 again, and the handshake catches up with the other side.
/// </summary>
public sealed class InMemoryKeyStore : IKeyStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredKey> _keys = new(StringComparer.Ordinal);

    /// <summary>An empty store whose keys serve one role.</summary>
    public InMemoryKeyStore(ChannelRole role) => Role = role;

    /// <summary>The one role that the keys of this store serve.</summary>
    public ChannelRole Role { get; }

    /// <summary>Imports a key; the store keeps what it becomes, not the key.</summary>
    /// <exception cref="InvalidOperationException">The id is already there.</exception>
    public void Add(PreSharedKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        StoredKey imported = key.ImportFor(Role);
        lock (_gate)
        {
            if (_keys.TryAdd(Name(key.Id.Span), imported))
                return;
        }

        imported.Dispose();
        throw new InvalidOperationException($"The store already holds a key for {KeyText.ToDisplay(key.Id.Span)}.");
    }

    /// <summary>Forgets an identity and erases its keys. Handshakes in flight fail; channels that stand are not touched.</summary>
    /// <returns>False where the id is unknown.</returns>
    public bool Remove(ReadOnlySpan<byte> id)
    {
        lock (_gate)
        {
            if (!_keys.Remove(Name(id), out StoredKey? key))
                return false;
            key.Dispose();
            return true;
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return new(_keys.TryGetValue(Name(id.Span), out StoredKey? key) ? key.Copy() : null);
    }

    /// <inheritdoc/>
    public ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            string name = Name(id.Span);
            if (!_keys.TryGetValue(name, out StoredKey? key))
                throw new KeyNotFoundException($"The store holds no key for {KeyText.ToDisplay(id.Span)}.");
            if (epoch > key.Epoch)
            {
                _keys[name] = new StoredKey(key.Protocol, key.Role, key.Id.Span, key.Evolution, key.IdentityKey, epoch, epochKey.Span);
                key.Dispose();
            }
        }

        return default;
    }

    /// <summary>Erases every key.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (StoredKey key in _keys.Values)
                key.Dispose();
            _keys.Clear();
        }
    }

    // Latin-1 maps bytes to characters one to one, so any id makes a name of its own.
    private static string Name(ReadOnlySpan<byte> id) => Encoding.Latin1.GetString(id);
}
