using System.Collections.Concurrent;
using System.Text;
using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>Keys in this process's memory: for servers that are provisioned at each start, and for tests. Thread-safe.</summary>
public sealed class InMemoryKeyStore : IKeyStore, IDisposable
{
    private readonly ConcurrentDictionary<string, StoredKey> _keys = new(StringComparer.Ordinal);

    /// <summary>An empty store whose keys serve one role.</summary>
    public InMemoryKeyStore(ChannelRole role) => Role = role;

    /// <summary>The one role that the keys of this store serve.</summary>
    public ChannelRole Role { get; }

    /// <summary>Imports a key; the store keeps a copy of its own.</summary>
    /// <exception cref="InvalidOperationException">The id is already there.</exception>
    public void Add(PreSharedKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        StoredKey imported = key.Import(Role);
        if (!_keys.TryAdd(Name(key.Id.Span), imported))
        {
            imported.Dispose();
            throw new InvalidOperationException($"The store already holds a key for {KeyText.ToDisplay(key.Id.Span)}.");
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default) =>
        new(_keys.TryGetValue(Name(id.Span), out StoredKey? key)
            ? new StoredKey(key.Protocol, key.Role, key.Id.Span, key.Epoch, key.EpochKey)
            : null);

    /// <summary>Erases every key.</summary>
    public void Dispose()
    {
        foreach (StoredKey key in _keys.Values)
            key.Dispose();
        _keys.Clear();
    }

    // Latin-1 maps bytes to characters one to one, so any id makes a name of its own.
    private static string Name(ReadOnlySpan<byte> id) => Encoding.Latin1.GetString(id);
}
