using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>A connection that reads, with its statements compiled. For one thread at a time.</summary>
internal sealed class KeyReader : IDisposable
{
    private const string KeyColumns = "protocol, evolution, suites, serial, identity_key, epoch, epoch_key, next_serial, next_identity_key, next_epoch_key, last_seen";
    private const string RecordColumns = "id, protocol, evolution, suites, epoch, added, last_seen, revoked, next_serial";

    private readonly SqliteConnection _connection;
    private readonly ChannelRole _role;
    private readonly IKeyWrapper _wrapper;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _describe;
    private readonly SqliteCommand _list;

    internal KeyReader(SqliteConnection connection, ChannelRole role, IKeyWrapper wrapper)
    {
        _connection = connection;
        _role = role;
        _wrapper = wrapper;
        _find = connection.Prepare($"SELECT {KeyColumns} FROM keys WHERE id = $id AND revoked IS NULL", "$id");
        _describe = connection.Prepare($"SELECT {RecordColumns} FROM keys WHERE id = $id", "$id");
        _list = connection.Prepare($"SELECT {RecordColumns} FROM keys WHERE id > $after ORDER BY id LIMIT $limit", "$after", "$limit");
    }

    internal StoredKey? Find(ReadOnlyMemory<byte> id) => Find(id, previous: null, out _);

    /// <summary>Reads a key whose wrapper may have changed.</summary>
    /// <param name="id">The id.</param>
    /// <param name="previous">What opens the keys, where it is not the store's own wrapper.</param>
    /// <param name="isCurrent">Whether all keys are wrapped as the store's own wrapper does it now.</param>
    internal StoredKey? Find(ReadOnlyMemory<byte> id, IKeyWrapper? previous, out bool isCurrent)
    {
        UnwrappedKeys keys = new(previous ?? _wrapper);
        byte[] name = id.ToArray();
        using SqliteDataReader row = _find.With(name).ExecuteReader();
        isCurrent = true;
        if (!row.Read())
            return null;

        long serial = row.GetInt64(3);
        StoredKey? successor = row.IsDBNull(7) ? null : Key(row, keys, name, serial: row.GetInt64(7), epoch: 0, identityKey: 8, epochKey: 9);
        StoredKey key = Key(row, keys, name, serial, row.GetInt64(5), identityKey: 4, epochKey: 6, successor);
        isCurrent = previous is null && keys.AreCurrent;
        return key;
    }

    internal KeyRecord? Describe(ReadOnlyMemory<byte> id)
    {
        using SqliteDataReader row = _describe.With(id.ToArray()).ExecuteReader();
        return row.Read() ? Record(row) : null;
    }

    internal IReadOnlyList<KeyRecord> List(ReadOnlyMemory<byte> after, int limit)
    {
        using SqliteDataReader row = _list.With(after.ToArray(), limit).ExecuteReader();
        List<KeyRecord> page = [];
        while (row.Read())
            page.Add(Record(row));
        return page;
    }

    public void Dispose()
    {
        _find.Dispose();
        _describe.Dispose();
        _list.Dispose();
        _connection.Dispose();
    }

    private StoredKey Key(SqliteDataReader row, UnwrappedKeys keys, byte[] id, long serial, long epoch, int identityKey, int epochKey, StoredKey? successor = null)
    {
        var protocol = (ChannelProtocol)row.GetInt32(0);
        bool isSeed = protocol == ChannelProtocol.Seed;
        Span<byte> identity = stackalloc byte[isSeed ? 0 : PreSharedKey.Size];
        Span<byte> root = stackalloc byte[isSeed ? PreSharedKey.SeedKeySize : PreSharedKey.Size];
        try
        {
            if (!isSeed)
                keys.Open(row.GetFieldValue<byte[]>(identityKey), new KeyPlace(_role, id, serial, null), identity);
            keys.Open(row.GetFieldValue<byte[]>(epochKey), new KeyPlace(_role, id, serial, epoch), root);
            return new StoredKey(protocol, _role, id, (KeyEvolution)row.GetInt32(1), identity, epoch, root)
            {
                Serial = serial,
                Suites = SuiteSet.FromBits(row.GetInt64(2)),
                LastSeen = Time(row, 10),
                Successor = successor,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(identity);
            CryptographicOperations.ZeroMemory(root);
        }
    }

    private static KeyRecord Record(SqliteDataReader row) => new()
    {
        Id = row.GetFieldValue<byte[]>(0),
        Protocol = (ChannelProtocol)row.GetInt32(1),
        Evolution = (KeyEvolution)row.GetInt32(2),
        Suites = SuiteSet.FromBits(row.GetInt64(3)),
        Epoch = row.GetInt64(4),
        Added = Time(row, 5)!.Value,
        LastSeen = Time(row, 6),
        Revoked = Time(row, 7),
        IsRotating = !row.IsDBNull(8),
    };

    private static DateTimeOffset? Time(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));
}
