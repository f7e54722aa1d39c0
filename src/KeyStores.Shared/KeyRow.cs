using System.Data.Common;
using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>A row of the table of keys, which has the same columns in every database. Times are in milliseconds since 1970.</summary>
internal static class KeyRow
{
    /// <summary>The columns that <see cref="ReadRow"/> expects, in this order.</summary>
    internal const string KeyColumns =
        "protocol, evolution, suites, serial, identity_key, epoch, epoch_key, next_serial, next_identity_key, next_epoch_key, last_seen";

    /// <summary>The columns that <see cref="ReadRecord"/> expects, in this order.</summary>
    internal const string RecordColumns = "id, protocol, evolution, suites, epoch, added, last_seen, CASE WHEN epoch_key IS NULL THEN revoked END, next_serial";

    private const int DecoyIdentity = 11;
    private const int DecoyRoot = 12;
    private const int IsDecoy = 13;

    /// <summary>
    /// The statement that <see cref="FindKey"/> expects the one row of. An unknown id finds the row of nobody, and
    /// every row has a decoy beside its keys: so the same is read, whoever is asked for.
    /// </summary>
    /// <param name="source">The row of the id, from FROM on.</param>
    /// <param name="identity">The parameter of the first part of the decoy.</param>
    /// <param name="root">The parameter of its second part.</param>
    internal static string Find(string source, string identity, string root) => $"""
        SELECT {KeyColumns}, {identity}, {root}, 0 AS is_decoy {source}
        UNION ALL SELECT 1, 1, 0, 0, {identity}, 0, {root}, NULL, NULL, NULL, 0, {identity}, {root}, 1
        ORDER BY is_decoy
        LIMIT 1
        """;

    /// <summary>
    /// Opens the keys of an identity for a handshake: two keys of two parts, decoys where it has fewer, so that the
    /// time tells nobody whether an id is unknown, known, revoked or rotating.
    /// </summary>
    /// <param name="row">The row that <see cref="Find"/> has found.</param>
    /// <param name="role">The role of the store.</param>
    /// <param name="id">The id that was asked for.</param>
    /// <param name="keys">What opens the keys.</param>
    /// <returns>Null where the id is unknown or revoked.</returns>
    /// <exception cref="KeyStoreException">No store writes such a row.</exception>
    /// <exception cref="CryptographicException">A key cannot be unwrapped.</exception>
    internal static StoredKey? FindKey(DbDataReader row, ChannelRole role, ClientId id, UnwrappedKeys keys)
    {
        StoredKey? decoy = null;
        try
        {
            StoredKey found = ReadRow(row, role, id, keys, hasDecoys: true, out decoy);
            if (row.GetInt32(IsDecoy) == 0)
                return found;
            found.Dispose();
            return null;
        }
        finally
        {
            decoy?.Dispose();
        }
    }

    /// <summary>Opens the keys of a row.</summary>
    /// <param name="row">A row that was read.</param>
    /// <param name="role">The role of the store.</param>
    /// <param name="id">The id of the row.</param>
    /// <param name="keys">What opens the keys.</param>
    /// <exception cref="KeyStoreException">No store writes such a row.</exception>
    /// <exception cref="CryptographicException">A key cannot be unwrapped.</exception>
    internal static StoredKey ReadKey(DbDataReader row, ChannelRole role, ClientId id, UnwrappedKeys keys) =>
        ReadRow(row, role, id, keys, hasDecoys: false, out _);

    /// <summary>Reads what is known of an identity, whatever it is: one odd row must not hide the others. <see cref="OddityOf"/> names it.</summary>
    internal static KeyRecord ReadRecord(DbDataReader row) => new()
    {
        Id = new ClientId(row.GetFieldValue<byte[]>(0)),
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

    private static StoredKey ReadRow(
        DbDataReader row, ChannelRole role, ClientId id, UnwrappedKeys keys, bool hasDecoys, out StoredKey? decoy)
    {
        decoy = null;
        StoredKey? successor = null;
        try
        {
            bool isDecoy = hasDecoys && row.GetInt32(IsDecoy) != 0;
            if (!row.IsDBNull(7))
                successor = ReadOne(row, role, id, keys, new(7, null, 8, 9, false, hasDecoys), successor: null);
            else if (hasDecoys)
                decoy = ReadOne(row, role, id, keys, new(3, null, DecoyIdentity, DecoyRoot, true, true), null);
            return ReadOne(row, role, id, keys, new(3, 5, 4, 6, isDecoy, hasDecoys), successor);
        }
        catch (Exception e)
        {
            successor?.Dispose();
            if (e is ArgumentException or InvalidOperationException or InvalidCastException or OverflowException)
                throw new KeyStoreException($"The row of {id} in the key store is damaged: {e.Message}", e);
            throw;
        }
    }

    private static StoredKey ReadOne(
        DbDataReader row, ChannelRole role, ClientId id, UnwrappedKeys keys, Columns columns, StoredKey? successor)
    {
        var protocol = (ChannelProtocol)row.GetInt32(0);
        bool isSeed = protocol == ChannelProtocol.Seed && !columns.AreDecoy;
        long serial = row.GetInt64(columns.Serial);
        long epoch = columns.Epoch is { } column ? row.GetInt64(column) : 0;
        Span<byte> identity = stackalloc byte[PreSharedKey.Size];
        Span<byte> root = stackalloc byte[isSeed ? PreSharedKey.SeedKeySize : PreSharedKey.Size];
        try
        {
            int decoyIdentity = columns.AreDecoy ? columns.Identity : DecoyIdentity; // a seed key has no identity key
            if (columns.AreDecoy || (isSeed && columns.HaveDecoys))
                keys.OpenDecoy(keys.Read(row, decoyIdentity), DecoyKeys.PlaceOf(id.Length, null), identity);
            else if (!isSeed)
                keys.Open(keys.Read(row, columns.Identity), new KeyPlace(role, id, serial, null), identity);
            if (columns.AreDecoy)
                keys.OpenDecoy(keys.Read(row, columns.Root), DecoyKeys.PlaceOf(id.Length, 0), root);
            else
                keys.Open(keys.Read(row, columns.Root), new KeyPlace(role, id, serial, epoch), root);
            IReadOnlyList<CipherSuiteId> suites = SuiteSet.FromBits(row.GetInt64(2));
            if (SuiteSet.ToBits(suites) != row.GetInt64(2))
                throw new ArgumentException("It is restricted to suites that there are not.");
            protocol = isSeed ? ChannelProtocol.Seed : columns.AreDecoy ? ChannelProtocol.V1 : protocol;
            var evolution = (KeyEvolution)row.GetInt32(1);
            return new StoredKey(protocol, role, id, evolution, isSeed ? [] : identity, epoch, root)
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

    /// <summary>Where one of the keys of a row is.</summary>
    private readonly record struct Columns(
        int Serial, int? Epoch, int Identity, int Root, bool AreDecoy, bool HaveDecoys);
}
