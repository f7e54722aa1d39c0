using System.Data.Common;
using SymRatchet.Keys;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.KeyStores;

/// <summary>
/// A row of the table of keys, which has the same columns in every database. Times are in milliseconds since 1970.
/// </summary>
/// <remarks>
/// The rules and the common errors of all stores are in src/SymRatchet/Keys: KeyStoreRules.cs and KeyStoreErrors.cs.
/// </remarks>
internal static class KeyRow
{
    /// <summary>The columns that <see cref="ReadKeys"/> expects, numbered by <see cref="KeyColumn"/>.</summary>
    internal const string KeyColumns = """
        protocol, evolution, suites, serial, identity_key, epoch, epoch_key, next_serial, next_identity_key,
            next_epoch_key, last_seen
        """;

    /// <summary>The columns that <see cref="ReadRecord"/> expects, numbered by <see cref="RecordColumn"/>.</summary>
    internal const string RecordColumns = """
        id, protocol, evolution, suites, epoch, added, last_seen, CASE WHEN epoch_key IS NULL THEN revoked END,
            next_serial
        """;

    /// <summary>
    /// The statement that <see cref="ReadKeys"/> expects the one row of. An unknown id finds a row of decoys, and every
    /// row has a decoy beside its keys: so the same is read, whichever id is asked for.
    /// </summary>
    /// <param name="source">The row of the id, from FROM on.</param>
    /// <param name="identity">The parameter of the first part of the decoy.</param>
    /// <param name="root">The parameter of its second part.</param>
    internal static string Find(string source, string identity, string root) =>
        $"""
            SELECT {KeyColumns}, {identity}, {root}, 0 AS is_decoy
            {source}
            UNION ALL
            SELECT 1, 1, 0, 0, {identity}, 0, {root}, NULL, NULL, NULL, 0, {identity}, {root}, 1
            ORDER BY is_decoy
            LIMIT 1
            """;

    /// <summary>
    /// Reads the keys of an identity, which are opened when the database is not asked any more. With decoys it is for a
    /// handshake: two keys of two parts, decoys where it has fewer, so that the time does not reveal whether an id is
    /// unknown, known, revoked or rotating.
    /// </summary>
    /// <param name="row">A row that was read; with decoys the one that <see cref="Find"/> has found.</param>
    /// <param name="role">The role of the store.</param>
    /// <param name="id">The id that was asked for.</param>
    /// <param name="read">How a wrapped key is read from a row; into an array that is erased later.</param>
    /// <param name="hasDecoys">Whether the row has decoys beside its keys.</param>
    /// <exception cref="KeyStoreException">No store writes such a row.</exception>
    internal static SealedKeys ReadKeys(
        DbDataReader row,
        ChannelRole role,
        ClientId id,
        Func<DbDataReader, int, byte[]> read,
        bool hasDecoys
    )
    {
        List<SealedPart> parts = [];
        try
        {
            Source source = new(row, role, id, read, hasDecoys, parts);
            bool isDecoy = hasDecoys && row.GetInt32(KeyColumn.IsDecoy) != 0;
            SealedKey? successor = row.IsDBNull(KeyColumn.NextSerial)
                ? null
                : source.Read(
                    new(KeyColumn.NextSerial, null, KeyColumn.NextIdentityKey, KeyColumn.NextEpochKey, AreDecoy: false)
                );
            SealedKey? decoy =
                hasDecoys && successor is null
                    ? source.Read(
                        new(KeyColumn.Serial, null, KeyColumn.DecoyIdentity, KeyColumn.DecoyRoot, AreDecoy: true)
                    )
                    : null;
            SealedKey key = source.Read(
                new(KeyColumn.Serial, KeyColumn.Epoch, KeyColumn.IdentityKey, KeyColumn.EpochKey, isDecoy)
            );
            parts.Clear();
            return new SealedKeys(id, key, successor, decoy) { IsDecoy = isDecoy };
        }
        catch (Exception e)
            when (e is ArgumentException or InvalidOperationException or InvalidCastException or OverflowException)
        {
            throw Damaged(id, e);
        }
        finally
        {
            parts.ForEach(part => part.Dispose());
        }
    }

    internal static KeyStoreException Damaged(ClientId id, Exception e) =>
        new($"The row of {id} in the key store is damaged: {e.Message}", e);

    /// <summary>
    /// Reads what is known of an identity, whatever it is: one odd row must not hide the others. <see cref="OddityOf"/>
    /// names it.
    /// </summary>
    internal static KeyRecord ReadRecord(DbDataReader row) =>
        new()
        {
            Id = new ClientId(row.GetFieldValue<byte[]>(RecordColumn.Id)),
            Protocol = (ChannelProtocol)row.GetInt64(RecordColumn.Protocol),
            Evolution = (KeyEvolution)row.GetInt64(RecordColumn.Evolution),
            Suites = SuiteSet.FromBits(row.GetInt64(RecordColumn.Suites)),
            Epoch = row.GetInt64(RecordColumn.Epoch),
            Added = ReadTime(row, RecordColumn.Added)!.Value,
            LastSeen = ReadTime(row, RecordColumn.LastSeen),
            Revoked = ReadTime(row, RecordColumn.Revoked),
            IsRotating = !row.IsDBNull(RecordColumn.NextSerial),
        };

    /// <summary>Returns what is wrong with a record that no store writes; null if nothing is.</summary>
    internal static string? OddityOf(KeyRecord record)
    {
        if (record.Id.Length is 0 or > Limits.MaxIdLength)
            return $"its id is {record.Id.Length} bytes long";
        if (!Enum.IsDefined(record.Protocol) || !Enum.IsDefined(record.Evolution))
            return $"there is no protocol {record.Protocol} and evolution {record.Evolution}";
        if (record.Epoch < 0)
            return $"its epoch is {record.Epoch}";
        bool isOdd = ((DateTimeOffset?[])[record.Added, record.LastSeen, record.Revoked]).Any(time =>
            time == DateTimeOffset.MinValue || time == DateTimeOffset.MaxValue
        );
        return isOdd ? "one of its times cannot be" : null;
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

    /// <summary>
    /// The ordinals of <see cref="KeyColumns"/>, and of the decoys that <see cref="Find"/> puts behind them.
    /// </summary>
    private static class KeyColumn
    {
        internal const int Protocol = 0;
        internal const int Evolution = 1;
        internal const int Suites = 2;
        internal const int Serial = 3;
        internal const int IdentityKey = 4;
        internal const int Epoch = 5;
        internal const int EpochKey = 6;
        internal const int NextSerial = 7;
        internal const int NextIdentityKey = 8;
        internal const int NextEpochKey = 9;
        internal const int LastSeen = 10;
        internal const int DecoyIdentity = 11;
        internal const int DecoyRoot = 12;
        internal const int IsDecoy = 13;
    }

    /// <summary>The ordinals of <see cref="RecordColumns"/>.</summary>
    private static class RecordColumn
    {
        internal const int Id = 0;
        internal const int Protocol = 1;
        internal const int Evolution = 2;
        internal const int Suites = 3;
        internal const int Epoch = 4;
        internal const int Added = 5;
        internal const int LastSeen = 6;
        internal const int Revoked = 7;
        internal const int NextSerial = 8;
    }

    /// <summary>Where one of the keys of a row is.</summary>
    private readonly record struct Columns(int Serial, int? Epoch, int Identity, int Root, bool AreDecoy);

    /// <summary>A row that is being read.</summary>
    private sealed record Source(
        DbDataReader Row,
        ChannelRole Role,
        ClientId Id,
        Func<DbDataReader, int, byte[]> ReadBytes,
        bool HasDecoys,
        List<SealedPart> Parts
    )
    {
        internal SealedKey Read(Columns columns)
        {
            var protocol = (ChannelProtocol)Row.GetInt32(KeyColumn.Protocol);
            var shape = KeyShape.Of(columns.AreDecoy ? ChannelProtocol.V1 : protocol);
            bool hasIdentity = shape.IdentitySize > 0;
            long serial = Row.GetInt64(columns.Serial);
            long epoch = columns.Epoch is { } column ? Row.GetInt64(column) : 0;
            SealedPart? identity = null;
            if (columns.AreDecoy || (!hasIdentity && HasDecoys))
                identity = Decoy(columns.AreDecoy ? columns.Identity : KeyColumn.DecoyIdentity, epoch: null);
            else if (hasIdentity)
                identity = Part(columns.Identity, new KeyWrapContext(Role, Id, serial, null), shape.IdentitySize);
            SealedPart root = columns.AreDecoy
                ? Decoy(columns.Root, epoch: 0)
                : Part(columns.Root, new KeyWrapContext(Role, Id, serial, epoch), shape.RootSize);
            long bits = Row.GetInt64(KeyColumn.Suites);
            IReadOnlyList<CipherSuiteId> suites = SuiteSet.FromBits(bits);
            if (SuiteSet.ToBits(suites) != bits)
                throw new ArgumentException("It is restricted to suites that there are not.");
            return new SealedKey(columns.AreDecoy ? ChannelProtocol.V1 : protocol, Role, serial, epoch)
            {
                Evolution = (KeyEvolution)Row.GetInt32(KeyColumn.Evolution),
                Identity = identity,
                Root = root,
                Suites = suites,
                LastSeen = ReadTime(Row, KeyColumn.LastSeen),
            };
        }

        private SealedPart Decoy(int column, long? epoch) =>
            Part(column, DecoyKeys.PlaceOf(Id.Length, epoch), PreSharedKey.Size, isDecoy: true);

        private SealedPart Part(int column, KeyWrapContext context, int length, bool isDecoy = false)
        {
            SealedPart part = new(ReadBytes(Row, column), context, length) { IsDecoy = isDecoy };
            Parts.Add(part);
            return part;
        }
    }
}
