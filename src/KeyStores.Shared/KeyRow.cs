using System.Data.Common;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>A row of the table of keys, which has the same columns in every database. Times are in milliseconds since 1970.</summary>
internal static class KeyRow
{
    /// <summary>The columns that <see cref="ReadKey"/> expects, in this order.</summary>
    internal const string KeyColumns =
        "protocol, evolution, suites, serial, identity_key, epoch, epoch_key, next_serial, next_identity_key, next_epoch_key, last_seen";

    /// <summary>The columns that <see cref="ReadRecord"/> expects, in this order.</summary>
    internal const string RecordColumns = "id, protocol, evolution, suites, epoch, added, last_seen, CASE WHEN epoch_key IS NULL THEN revoked END, next_serial";

    /// <summary>Opens the keys of a row.</summary>
    /// <param name="row">A row that was read.</param>
    /// <param name="role">The role of the store.</param>
    /// <param name="id">The id of the row.</param>
    /// <param name="keys">What opens the keys.</param>
    internal static StoredKey ReadKey(DbDataReader row, ChannelRole role, byte[] id, UnwrappedKeys keys)
    {
        StoredKey? successor = row.IsDBNull(7) ? null : ReadOne(row, role, id, keys, serial: row.GetInt64(7), epoch: 0, identityKey: 8, epochKey: 9, successor: null);
        return ReadOne(row, role, id, keys, serial: row.GetInt64(3), epoch: row.GetInt64(5), identityKey: 4, epochKey: 6, successor);
    }

    internal static KeyRecord ReadRecord(DbDataReader row) => new()
    {
        Id = row.GetFieldValue<byte[]>(0),
        Protocol = (ChannelProtocol)row.GetInt32(1),
        Evolution = (KeyEvolution)row.GetInt32(2),
        Suites = SuiteSet.FromBits(row.GetInt64(3)),
        Epoch = row.GetInt64(4),
        Added = ReadTime(row, 5)!.Value,
        LastSeen = ReadTime(row, 6),
        Revoked = ReadTime(row, 7),
        IsRotating = !row.IsDBNull(8),
    };

    private static StoredKey ReadOne(
        DbDataReader row, ChannelRole role, byte[] id, UnwrappedKeys keys, long serial, long epoch, int identityKey, int epochKey, StoredKey? successor)
    {
        var protocol = (ChannelProtocol)row.GetInt32(0);
        bool isSeed = protocol == ChannelProtocol.Seed;
        Span<byte> identity = stackalloc byte[isSeed ? 0 : PreSharedKey.Size];
        Span<byte> root = stackalloc byte[isSeed ? PreSharedKey.SeedKeySize : PreSharedKey.Size];
        try
        {
            if (!isSeed)
                keys.Open(row.GetFieldValue<byte[]>(identityKey), new KeyPlace(role, id, serial, null), identity);
            keys.Open(row.GetFieldValue<byte[]>(epochKey), new KeyPlace(role, id, serial, epoch), root);
            return new StoredKey(protocol, role, id, (KeyEvolution)row.GetInt32(1), identity, epoch, root)
            {
                Serial = serial,
                Suites = SuiteSet.FromBits(row.GetInt64(2)),
                LastSeen = ReadTime(row, 10),
                Successor = successor,
            };
        }
        finally
        {
            CryptographicOperations.ZeroMemory(identity);
            CryptographicOperations.ZeroMemory(root);
        }
    }

    // A time that cannot be is shown as the nearest that can; nothing is decided by it.
    private static DateTimeOffset? ReadTime(DbDataReader row, int column) => row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(
        Math.Clamp(row.GetInt64(column), DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
}
