using System.Text;
using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>
/// Keys in this process's memory: for servers that are provisioned at each start, and for tests. Thread-safe. After a restart it
/// starts at epoch 0 again, and the handshake catches up with the other side.
/// </summary>
public sealed class InMemoryKeyStore : IKeyDirectory, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, KeySlot> _slots = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private readonly RevocationFeed _revocations = new();
    private readonly TimeProvider _time;
    private long _serial;

    /// <summary>An empty store whose keys serve one role.</summary>
    /// <param name="role">The role.</param>
    /// <param name="time">The clock for what is recorded; the system's by default.</param>
    public InMemoryKeyStore(ChannelRole role, TimeProvider? time = null)
    {
        Role = role;
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>Imports a key; the store keeps what it becomes, not the key.</summary>
    /// <param name="key">The key, of either protocol.</param>
    /// <exception cref="InvalidOperationException">The id is already there.</exception>
    public void Add(PreSharedKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        using StoredKey imported = key.ImportFor(Role);
        Add(imported);
    }

    /// <inheritdoc/>
    public ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        Add(key);
        return default;
    }

    /// <inheritdoc/>
    public ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        lock (_gate)
        {
            KeySlot slot = SlotOf(key.Id.Span);
            KeyStoreRules.CheckRotation(Role, key, slot.Describe());
            if (slot.Key is not null)
                KeyStoreRules.CheckIsNew(key, slot.Key);
            slot.Rotate(key, ++_serial, atOnce: KeyStoreRules.IsReplacedAtOnce(Role, slot.Describe()));
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<bool> RevokeAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(Name(id.Span), out KeySlot? slot) || !slot.Revoke(_time.GetUtcNow()))
                return new(false);
        }

        _revocations.Publish(id.ToArray());
        return new(true);
    }

    /// <summary>Forgets an identity and erases its keys. Handshakes in flight fail; channels that stand are not touched.</summary>
    /// <param name="id">The client's id.</param>
    /// <returns>False where the id is unknown.</returns>
    public bool Remove(ReadOnlySpan<byte> id)
    {
        lock (_gate)
        {
            string name = Name(id);
            if (!_slots.Remove(name, out KeySlot? slot))
                return false;
            _names.Remove(name);
            slot.Dispose();
            return true;
        }
    }

    /// <inheritdoc/>
    public ValueTask RestrictAsync(ReadOnlyMemory<byte> id, IReadOnlyList<CipherSuiteId> suites, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckSuites(suites);
        lock (_gate)
        {
            KeySlot slot = SlotOf(id.Span);
            if (slot.Key is null)
                throw KeyStoreRules.Unknown(id.Span);
            slot.Suites = [.. suites];
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return new(KeySlot.Snapshot(_slots.GetValueOrDefault(Name(id.Span))));
    }

    /// <inheritdoc/>
    public ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long serial, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(Name(id.Span), out KeySlot? slot) || !slot.Advance(serial, epoch, epochKey.Span, _time.GetUtcNow()))
                throw KeyStoreRules.Unknown(id.Span);
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return new(_slots.TryGetValue(Name(id.Span), out KeySlot? slot) ? slot.Describe() : null);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        lock (_gate)
        {
            string first = Name(after.Span) + '\0'; // the least name that is greater
            IEnumerable<string> names = _names.Count == 0 || string.CompareOrdinal(first, _names.Max) > 0 ? [] : _names.GetViewBetween(after.IsEmpty ? "" : first, _names.Max!);
            return new([.. names.Take(limit).Select(name => _slots[name].Describe())]);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ReadOnlyMemory<byte>> WatchRevocationsAsync(CancellationToken cancellationToken = default) =>
        _revocations.Subscribe(cancellationToken);

    /// <summary>Erases every key.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (KeySlot slot in _slots.Values)
                slot.Dispose();
            _slots.Clear();
            _names.Clear();
        }
    }

    private void Add(StoredKey key)
    {
        lock (_gate)
        {
            string name = Name(key.Id.Span);
            if (_slots.TryGetValue(name, out KeySlot? slot))
                throw KeyStoreRules.Present(key.Id.Span, isRevoked: slot.Key is null);
            _slots.Add(name, new KeySlot(key, ++_serial, _time.GetUtcNow()));
            _names.Add(name);
        }
    }

    private KeySlot SlotOf(ReadOnlySpan<byte> id) => _slots.TryGetValue(Name(id), out KeySlot? slot) ? slot : throw KeyStoreRules.Unknown(id);

    // Latin-1 maps bytes to characters one to one and in order, so any id makes a name of its own.
    private static string Name(ReadOnlySpan<byte> id) => Encoding.Latin1.GetString(id);
}
