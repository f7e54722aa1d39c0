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
    /// <exception cref="KeyStoreException">No store writes such a row.</exception>
    /// <exception cref="CryptographicException">A key cannot be unwrapped.</exception>
    internal static StoredKey ReadKey(DbDataReader row, ChannelRole role, byte[] id, UnwrappedKeys keys)
    {
        StoredKey? successor = null;
        try
        {
            successor = row.IsDBNull(7)
                ? null
                : ReadOne(row, role, id, keys, serial: row.GetInt64(7), epoch: 0, identityKey: 8, epochKey: 9, successor: null);
            return ReadOne(row, role, id, keys, serial: row.GetInt64(3), epoch: row.GetInt64(5), identityKey: 4, epochKey: 6, successor);
        }
        catch (Exception e)
        {
            successor?.Dispose();
            if (e is ArgumentException or InvalidOperationException or InvalidCastException or OverflowException)
                throw new KeyStoreException($"The row of {NameOf(id)} in the key store is damaged: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Reads what is known of an identity, whatever it is: one odd row must not hide the others. <see cref="OddityOf"/> names it.</summary>
    internal static KeyRecord ReadRecord(DbDataReader row) => new()
    {
        Id = row.GetFieldValue<byte[]>(0),
        Protocol = (ChannelProtocol)row.GetInt64(1),
        Evolution = (KeyEvolution)row.GetInt64(2),
        Suites = SuiteSet.FromBits(row.GetInt64(3)),
        Epoch = row.GetInt64(4),
        Added = ReadTime(row, 5)!.Value,
        LastSeen = ReadTime(row, 6),
        Revoked = ReadTime(row, 7),
        IsRotating = !row.IsDBNull(8),
    };

    /// <summary>What no store writes into a record, in words; null where all is well.</summary>
    internal static string? OddityOf(KeyRecord record)
    {
        if (record.Id.Length is 0 or > 255)
            return $"its id is {record.Id.Length} bytes long";
        if (!Enum.IsDefined(record.Protocol) || !Enum.IsDefined(record.Evolution))
            return $"there is no protocol {record.Protocol} and evolution {record.Evolution}";
        if (record.Epoch < 0)
            return $"its epoch is {record.Epoch}";
        bool isOdd = ((DateTimeOffset?[])[record.Added, record.LastSeen, record.Revoked]).Any(time => time == DateTimeOffset.MinValue || time == DateTimeOffset.MaxValue);
        return isOdd ? "one of its times cannot be" : null;
    }

    /// <summary>An id as messages show it.</summary>
    internal static string NameOf(byte[] id) =>
        new KeyRecord { Id = id, Protocol = default, Evolution = default, Suites = [], Epoch = 0, Added = default }.Name;

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
                keys.Open(keys.Read(row, identityKey), new KeyPlace(role, id, serial, null), identity);
            keys.Open(keys.Read(row, epochKey), new KeyPlace(role, id, serial, epoch), root);
            IReadOnlyList<CipherSuiteId> suites = SuiteSet.FromBits(row.GetInt64(2));
            if (SuiteSet.ToBits(suites) != row.GetInt64(2))
                throw new ArgumentException("It is restricted to suites that there are not.");
            return new StoredKey(protocol, role, id, (KeyEvolution)row.GetInt32(1), identity, epoch, root)
            {
                Serial = serial,
                Suites = suites,
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

    private static DateTimeOffset? ReadTime(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : ToTime(row.GetInt64(column));

    // A time that no clock shows is shown as the first or last one that there is.
    private static DateTimeOffset ToTime(long milliseconds)
    {
        if (milliseconds <= DateTimeOffset.MinValue.ToUnixTimeMilliseconds())
            return DateTimeOffset.MinValue;
        return milliseconds > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.MaxValue
            : DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }
}
