using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>Stores keys in memory, for servers that are provisioned at each start and for tests.</summary>
/// <remarks>
/// After a restart the keys are at epoch 0 again, and the handshake catches up with the other side. Thread-safe.
/// </remarks>
public sealed class InMemoryKeyStore : IKeyDirectory, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ClientId, KeySlot> _slots = [];
    private readonly SortedSet<ClientId> _ids = [];
    private readonly RevocationFeed _revocations = new();
    private readonly TimeProvider _time;
    private long _serial;

    /// <summary>Initializes a new instance of the <see cref="InMemoryKeyStore"/> class without keys.</summary>
    /// <param name="role">The role that all keys serve.</param>
    /// <param name="time">The clock for the recorded times; null for the system's.</param>
    public InMemoryKeyStore(ChannelRole role, TimeProvider? time = null)
    {
        Role = role;
        _time = time ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>Imports and adds a key.</summary>
    /// <param name="key">The key, of either protocol.</param>
    /// <exception cref="ArgumentNullException"><paramref name="key"/> is null.</exception>
    /// <exception cref="InvalidOperationException">The id is in the store already.</exception>
    /// <remarks>The store keeps the derived keys, not the PSK.</remarks>
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
            KeySlot slot = SlotOf(key.Id);
            KeyStoreRules.CheckRotation(Role, key, slot.Describe());
            if (slot.Key is not null)
                KeyStoreRules.CheckIsNew(key, slot.Key);
            slot.Rotate(key, ++_serial, atOnce: KeyStoreRules.IsReplacedAtOnce(Role, slot.Describe()));
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (!_slots.TryGetValue(id, out KeySlot? slot) || !slot.Revoke(_time.GetUtcNow()))
                return new(false);
        }

        _revocations.Publish(id);
        return new(true);
    }

    /// <summary>
    /// Removes an identity and erases its keys. Pending handshakes fail; established channels are not affected.
    /// </summary>
    /// <param name="id">The client's id.</param>
    /// <returns>False if the id is unknown.</returns>
    internal bool Remove(ClientId id)
    {
        lock (_gate)
        {
            if (!_slots.Remove(id, out KeySlot? slot))
                return false;
            _ids.Remove(id);
            slot.Dispose();
            return true;
        }
    }

    /// <inheritdoc/>
    public ValueTask RestrictAsync(
        ClientId id,
        IReadOnlyList<CipherSuiteId> suites,
        CancellationToken cancellationToken = default
    )
    {
        KeyStoreRules.CheckSuites(suites);
        lock (_gate)
        {
            KeySlot slot = SlotOf(id);
            if (slot.Key is null)
                throw KeyStoreErrors.KeyNotFound(id);
            slot.Suites = [.. suites];
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return new(KeySlot.Snapshot(_slots.GetValueOrDefault(id)));
    }

    /// <inheritdoc/>
    public ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    )
    {
        KeyStoreRules.CheckIsNotErased(id, epochKey.Span);
        lock (_gate)
        {
            if (
                !_slots.TryGetValue(id, out KeySlot? slot)
                || !slot.Advance(serial, epoch, epochKey.Span, _time.GetUtcNow())
            )
                throw KeyStoreErrors.KeyNotFound(id);
        }

        return default;
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return new(_slots.TryGetValue(id, out KeySlot? slot) ? slot.Describe() : null);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
        ClientId? after,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        lock (_gate)
        {
            ClientId last = after.GetValueOrDefault(); // null sorts before all ids, as the empty id does
            IEnumerable<ClientId> ids = _ids.Count == 0 || last >= _ids.Max ? [] : _ids.GetViewBetween(last, _ids.Max);
            return new([.. ids.Where(id => id > last).Take(limit).Select(id => _slots[id].Describe())]);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default) =>
        _revocations.Subscribe(cancellationToken);

    /// <summary>Erases all keys.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (KeySlot slot in _slots.Values)
                slot.Dispose();
            _slots.Clear();
            _ids.Clear();
        }
    }

    private void Add(StoredKey key)
    {
        lock (_gate)
        {
            if (_slots.TryGetValue(key.Id, out KeySlot? slot))
                throw KeyStoreErrors.DuplicateKey(key.Id, isRevoked: slot.Key is null);
            _slots.Add(key.Id, new KeySlot(key, ++_serial, _time.GetUtcNow()));
            _ids.Add(key.Id);
        }
    }

    private KeySlot SlotOf(ClientId id) =>
        _slots.TryGetValue(id, out KeySlot? slot) ? slot : throw KeyStoreErrors.KeyNotFound(id);
}
