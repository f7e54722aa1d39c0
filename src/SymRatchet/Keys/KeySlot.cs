namespace SymRatchet.Keys;

/// <summary>
/// One identity of an in-memory store: its key, the successor, and its record. Used under the store's lock.
/// </summary>
internal sealed class KeySlot : IDisposable
{
    private static readonly byte[] DecoyKey = new byte[PreSharedKey.Size];

    private static readonly KeySlot Decoy = new(
        new StoredKey(ChannelProtocol.V1, ChannelRole.Server, "decoy", KeyEvolution.Forward, DecoyKey, 0, DecoyKey),
        serial: 0,
        now: default
    );

    private readonly DateTimeOffset _added;
    private KeyRecord _record;
    private StoredKey? _successor;

    internal KeySlot(StoredKey key, long serial, DateTimeOffset now)
    {
        Key = WithSerial(key, serial);
        Suites = [.. key.Suites];
        LastSeen = key.LastSeen;
        _added = now;
        _record = Describe();
    }

    /// <summary>The key; null after a revocation.</summary>
    internal StoredKey? Key { get; private set; }

    internal IReadOnlyList<CipherSuiteId> Suites { get; set; }

    private DateTimeOffset? LastSeen { get; set; }

    /// <summary>Returns a copy that the caller owns; null if the identity is unknown or revoked.</summary>
    internal static StoredKey? Snapshot(KeySlot? slot)
    {
        // Two keys are copied for every id, so that the time does not reveal whether it is known or has a successor.
        bool isKnown = slot?.Key is not null;
        KeySlot copied = isKnown ? slot! : Decoy;
        bool hasTwo = copied._successor is not null;
        StoredKey key = copied.Key!;
        StoredKey second = (copied._successor ?? key).Copy();
        StoredKey first = new(key.Protocol, key.Role, key.Id, key.Evolution, key.IdentityKey, key.Epoch, key.EpochKey)
        {
            Serial = key.Serial,
            Suites = copied.Suites,
            LastSeen = copied.LastSeen,
            Successor = hasTwo ? second : null,
        };
        if (!hasTwo)
            second.Dispose();
        if (isKnown)
            return first;
        first.Dispose();
        return null;
    }

    internal KeyRecord Describe(DateTimeOffset? revoked = null) =>
        Key is null
            ? _record
            : new()
            {
                Id = Key.Id,
                Protocol = Key.Protocol,
                Evolution = Key.Evolution,
                Suites = Suites,
                Epoch = Key.Epoch,
                Added = _added,
                LastSeen = LastSeen,
                Revoked = revoked,
                IsRotating = _successor is not null && revoked is null,
            };

    /// <summary>Moves the key forward, or replaces it by its successor.</summary>
    /// <returns>False if neither has the serial.</returns>
    internal bool Advance(long serial, long epoch, ReadOnlySpan<byte> epochKey, DateTimeOffset now)
    {
        bool isSuccessor = _successor?.Serial == serial;
        if (Key?.Serial != serial && !isSuccessor)
            return false;
        StoredKey moving = isSuccessor ? _successor! : Key!;
        if (!isSuccessor && epoch <= moving.Epoch)
            return true;

        moving.MoveTo(epoch, epochKey);
        if (isSuccessor)
        {
            Key!.Dispose();
            Key = moving;
            _successor = null;
        }

        LastSeen = now;
        return true;
    }

    internal void Rotate(StoredKey key, long serial, bool atOnce)
    {
        StoredKey numbered = WithSerial(key, serial);
        _successor?.Dispose();
        _successor = null;
        if (atOnce)
        {
            Key?.Dispose();
            Key = numbered;
        }
        else
        {
            _successor = numbered;
        }
    }

    /// <summary>Erases the keys and keeps the record.</summary>
    internal bool Revoke(DateTimeOffset now)
    {
        if (Key is null)
            return false;
        _record = Describe(revoked: now);
        Dispose();
        Key = null;
        _successor = null;
        return true;
    }

    public void Dispose()
    {
        Key?.Dispose();
        _successor?.Dispose();
    }

    private static StoredKey WithSerial(StoredKey key, long serial) =>
        new(key.Protocol, key.Role, key.Id, key.Evolution, key.IdentityKey, key.Epoch, key.EpochKey)
        {
            Serial = serial,
        };
}
