using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The changes of the store, run by the one writer within its transaction. Each refuses before it has changed anything,
/// and its first statement is undone by SQLite where it fails; so the others of its group go on.
/// </summary>
/// <remarks>
/// SQLite writes a record over one of the same size in place. One whose size changes it builds in memory that it keeps
/// and does not erase. So the first statement of a change reserves space for the keys, and a second one fills it.
/// </remarks>
internal sealed class KeyWrites : IDisposable
{
    private const string Newest = """
        UPDATE store
        SET value = value + 1
        WHERE name = 'serial'
        RETURNING value
        """;

    private readonly SqliteConnection _connection;
    private readonly ChannelRole _role;
    private readonly KeyReader _reader;
    private readonly SqliteCommand _probe;
    private readonly SqliteCommand _serial;
    private readonly SqliteCommand _add;
    private readonly SqliteCommand _advance;
    private readonly SqliteCommand _promote;
    private readonly SqliteCommand _replace;
    private readonly SqliteCommand _queue;
    private readonly SqliteCommand _fill;
    private readonly SqliteCommand _fillNext;
    private readonly SqliteCommand _revoke;
    private readonly SqliteCommand _restrict;
    private readonly SqliteCommand _rewrap;

    internal KeyWrites(SqliteConnection connection, ChannelRole role)
    {
        _connection = connection;
        _role = role;
        _probe = connection.Prepare(
            """
            UPDATE store
            SET value = value + 1
            WHERE name = 'probes'
            """
        );
        _reader = new KeyReader(connection, role);
        _serial = connection.Prepare(Newest);
        _add = connection.Prepare(
            """
            INSERT INTO keys (id, protocol, evolution, suites, serial, identity_key, epoch, epoch_key, added, last_seen)
            VALUES ($id, $protocol, $evolution, $suites, $serial,
                zeroblob($identityLength), $epoch, zeroblob($keyLength), $added, $seen)
            """,
            "$id",
            "$protocol",
            "$evolution",
            "$suites",
            "$serial",
            "$identityLength",
            "$epoch",
            "$keyLength",
            "$added",
            "$seen"
        );
        _advance = connection.Prepare(
            """
            UPDATE keys
            SET epoch = $epoch,
                epoch_key = zeroblob($keyLength),
                last_seen = $now
            WHERE id = $id
            """,
            "$id",
            "$epoch",
            "$keyLength",
            "$now"
        );
        _promote = connection.Prepare(
            """
            UPDATE keys
            SET serial = next_serial,
                identity_key = next_identity_key,
                epoch = $epoch,
                epoch_key = zeroblob($keyLength),
                next_serial = NULL,
                next_identity_key = NULL,
                next_epoch_key = NULL,
                last_seen = $now
            WHERE id = $id
            """,
            "$id",
            "$epoch",
            "$keyLength",
            "$now"
        );
        _replace = connection.Prepare(
            """
            UPDATE keys
            SET serial = $serial,
                identity_key = zeroblob($identityLength),
                epoch = 0,
                epoch_key = zeroblob($keyLength),
                next_serial = NULL,
                next_identity_key = NULL,
                next_epoch_key = NULL
            WHERE id = $id
            """,
            "$id",
            "$serial",
            "$identityLength",
            "$keyLength"
        );
        _queue = connection.Prepare(
            """
            UPDATE keys
            SET next_serial = $serial,
                next_identity_key = zeroblob($identityLength),
                next_epoch_key = zeroblob($keyLength)
            WHERE id = $id
            """,
            "$id",
            "$serial",
            "$identityLength",
            "$keyLength"
        );
        _fill = connection.Prepare(
            """
            UPDATE keys
            SET identity_key = coalesce($identity, identity_key),
                epoch_key = $key
            WHERE id = $id
            """,
            "$id",
            "$identity",
            "$key"
        );
        _fillNext = connection.Prepare(
            """
            UPDATE keys
            SET next_identity_key = $identity,
                next_epoch_key = $key
            WHERE id = $id
            """,
            "$id",
            "$identity",
            "$key"
        );
        _revoke = connection.Prepare(
            """
            UPDATE keys
            SET identity_key = NULL,
                epoch_key = NULL,
                next_serial = NULL,
                next_identity_key = NULL,
                next_epoch_key = NULL,
                revoked = $now
            WHERE id = $id
                AND epoch_key IS NOT NULL
            """,
            "$id",
            "$now"
        );
        _restrict = connection.Prepare(
            """
            UPDATE keys
            SET suites = $suites
            WHERE id = $id
                AND epoch_key IS NOT NULL
            """,
            "$id",
            "$suites"
        );
        _rewrap = connection.Prepare(
            """
            UPDATE keys
            SET identity_key = $identity,
                epoch_key = $key,
                next_identity_key = $nextIdentity,
                next_epoch_key = $nextKey
            WHERE id = $id
            """,
            "$id",
            "$identity",
            "$key",
            "$nextIdentity",
            "$nextKey"
        );
    }

    /// <summary>Gets whether the group's transaction is still open.</summary>
    internal bool IsInTransaction => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>Counts probes, which takes the same lock, log and disk as a new key.</summary>
    internal bool Probe() => _probe.ExecuteNonQuery() == 1;

    /// <summary>Takes a serial that no other key gets, for a key that is wrapped before it is written.</summary>
    internal long NextSerial() => (long)_serial.ExecuteScalar()!;

    /// <summary>Adds an identity.</summary>
    /// <param name="key">What is known of it; its keys are not looked at.</param>
    /// <param name="suites">The suites that it may use.</param>
    /// <param name="wrapped">Its keys.</param>
    /// <param name="serial">The serial for which they are wrapped; null where any does.</param>
    /// <param name="now">The time.</param>
    internal void Add(StoredKey key, long suites, WrappedKey wrapped, long? serial, DateTimeOffset now)
    {
        ClientId id = key.Id;
        if (_reader.Describe(id) is { } present)
            throw KeyStoreErrors.DuplicateKey(id, present.Revoked is not null);
        Run(
            _add,
            id,
            (long)key.Protocol,
            (long)key.Evolution,
            suites,
            serial ?? NextSerial(),
            wrapped.Identity.Length,
            key.Epoch,
            wrapped.Root.Length,
            now.ToUnixTimeMilliseconds(),
            key.LastSeen?.ToUnixTimeMilliseconds()
        );
        Fill(_fill, id, wrapped.Identity, wrapped.Root);
    }

    internal void Advance(ClientId id, long serial, long epoch, byte[] wrapped, DateTimeOffset now)
    {
        if (_reader.State(id) is not { HasKeys: true } current || (serial != current.Serial && serial != current.Next))
            throw KeyStoreErrors.KeyNotFound(id);
        bool isNext = serial == current.Next;
        if (!isNext && epoch <= current.Epoch)
            return;
        Run(isNext ? _promote : _advance, id, epoch, wrapped.Length, now.ToUnixTimeMilliseconds());
        Fill(_fill, id, null, wrapped);
    }

    /// <summary>Gives an identity a new key.</summary>
    /// <param name="key">What is known of it; its keys are not looked at.</param>
    /// <param name="wrapped">Its keys.</param>
    /// <param name="serial">The serial for which they are wrapped; null where any does.</param>
    /// <param name="expected">The keys that the identity had when the new one was compared with them.</param>
    /// <returns>False where it has others now.</returns>
    internal bool Rotate(StoredKey key, WrappedKey wrapped, long? serial, KeyState expected)
    {
        ClientId id = key.Id;
        if (_reader.State(id) is not { } state || !state.HasSameKeys(expected))
            return false;
        KeyRecord current = _reader.Describe(id) ?? throw KeyStoreErrors.KeyNotFound(id);
        KeyStoreRules.CheckRotation(_role, key, current);
        bool isReplaced = KeyStoreRules.IsReplacedAtOnce(_role, current);
        Run(isReplaced ? _replace : _queue, id, serial ?? NextSerial(), wrapped.Identity.Length, wrapped.Root.Length);
        Fill(isReplaced ? _fill : _fillNext, id, wrapped.Identity, wrapped.Root);
        return true;
    }

    internal bool Revoke(ClientId id, DateTimeOffset now) => Run(_revoke, id, now.ToUnixTimeMilliseconds()) == 1;

    internal void Restrict(ClientId id, long suites)
    {
        if (Run(_restrict, id, suites) == 0)
            throw KeyStoreErrors.KeyNotFound(id);
    }

    /// <summary>Writes the keys of one identity, which were wrapped again.</summary>
    /// <param name="id">The id.</param>
    /// <param name="wrapped">Its keys.</param>
    /// <param name="expected">What the identity had when they were read.</param>
    /// <param name="digestOfRoot">How its root key was wrapped then.</param>
    /// <returns>False where it has moved on, was revoked or has a new key.</returns>
    internal bool Rewrap(ClientId id, WrappedKey wrapped, KeyState expected, byte[] digestOfRoot)
    {
        if (_reader.State(id) != expected)
            return false;
        using SealedKeys? found = _reader.Read(id);
        if (found is null || !CryptographicOperations.FixedTimeEquals(found.DigestOfRoot(), digestOfRoot))
            return false;
        Run(_rewrap, id, wrapped.Identity, wrapped.Root, wrapped.Next?.Identity, wrapped.Next?.Root);
        return true;
    }

    public void Dispose()
    {
        foreach (
            SqliteCommand command in (SqliteCommand[])
                [
                    _probe,
                    _serial,
                    _add,
                    _advance,
                    _promote,
                    _replace,
                    _queue,
                    _fill,
                    _fillNext,
                    _revoke,
                    _restrict,
                    _rewrap,
                ]
        )
            command.Dispose();
        _reader.Dispose();
    }

    // Space that is reserved and not filled must not be committed, nor the rest of the group with it.
    private void Fill(SqliteCommand fill, ClientId id, byte[]? identity, byte[] root)
    {
        try
        {
            Run(fill, id, identity, root);
        }
        catch (SqliteException) when (IsInTransaction)
        {
            _connection.Execute("ROLLBACK");
            throw;
        }
    }

    // The caller erases what the values hold, since a change may be run twice.
    private static int Run(SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        try
        {
            return command.With(values).ExecuteNonQuery();
        }
        finally
        {
            foreach (SqliteParameter parameter in command.Parameters)
                parameter.Value = DBNull.Value;
        }
    }
}
