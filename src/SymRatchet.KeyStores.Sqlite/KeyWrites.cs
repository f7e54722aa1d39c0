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
/// and does not erase. So the first statement of a change makes room for the keys, and a second one fills it.
/// </remarks>
internal sealed class KeyWrites : IDisposable
{
    private const string Newest = "UPDATE store SET value = value + 1 WHERE name = 'serial' RETURNING value";

    private readonly SqliteConnection _connection;
    private readonly ChannelRole _role;
    private readonly IKeyWrapper _wrapper;
    private readonly KeyReader _reader;
    private readonly SqliteCommand _probe;
    private readonly SqliteCommand _serial;
    private readonly SqliteCommand _add;
    private readonly SqliteCommand _state;
    private readonly SqliteCommand _advance;
    private readonly SqliteCommand _promote;
    private readonly SqliteCommand _replace;
    private readonly SqliteCommand _queue;
    private readonly SqliteCommand _fill;
    private readonly SqliteCommand _fillNext;
    private readonly SqliteCommand _revoke;
    private readonly SqliteCommand _restrict;
    private readonly SqliteCommand _rewrap;

    internal KeyWrites(SqliteConnection connection, ChannelRole role, IKeyWrapper wrapper)
    {
        _connection = connection;
        _role = role;
        _wrapper = wrapper;
        _probe = connection.Prepare("UPDATE store SET value = value + 1 WHERE name = 'probes'");
        _reader = new KeyReader(connection, role, wrapper);
        _serial = connection.Prepare(Newest);
        _add = connection.Prepare(
            """
            INSERT INTO keys (id, protocol, evolution, suites, serial, identity_key, epoch, epoch_key, added, last_seen)
            VALUES ($id, $protocol, $evolution, $suites, $serial,
                zeroblob($identityLength), $epoch, zeroblob($keyLength), $added, $seen)
            """,
            "$id", "$protocol", "$evolution", "$suites", "$serial",
            "$identityLength", "$epoch", "$keyLength", "$added", "$seen");
        _state = connection.Prepare("SELECT serial, epoch, next_serial FROM keys WHERE id = $id AND epoch_key IS NOT NULL", "$id");
        _advance = connection.Prepare(
            """
            UPDATE keys
            SET epoch = $epoch,
                epoch_key = zeroblob($keyLength),
                last_seen = $now
            WHERE id = $id
            """,
            "$id", "$epoch", "$keyLength", "$now");
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
            "$id", "$epoch", "$keyLength", "$now");
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
            "$id", "$serial", "$identityLength", "$keyLength");
        _queue = connection.Prepare(
            """
            UPDATE keys
            SET next_serial = $serial,
                next_identity_key = zeroblob($identityLength),
                next_epoch_key = zeroblob($keyLength)
            WHERE id = $id
            """,
            "$id", "$serial", "$identityLength", "$keyLength");
        _fill = connection.Prepare(
            """
            UPDATE keys
            SET identity_key = coalesce($identity, identity_key),
                epoch_key = $key
            WHERE id = $id
            """,
            "$id", "$identity", "$key");
        _fillNext = connection.Prepare(
            """
            UPDATE keys
            SET next_identity_key = $identity,
                next_epoch_key = $key
            WHERE id = $id
            """,
            "$id", "$identity", "$key");
        _revoke = connection.Prepare(
            "UPDATE keys SET identity_key = NULL, epoch_key = NULL, next_serial = NULL, next_identity_key = NULL, next_epoch_key = NULL, revoked = $now WHERE id = $id AND epoch_key IS NOT NULL", "$id", "$now");
        _restrict = connection.Prepare("UPDATE keys SET suites = $suites WHERE id = $id AND epoch_key IS NOT NULL", "$id", "$suites");
        _rewrap = connection.Prepare(
            "UPDATE keys SET identity_key = $identity, epoch_key = $key, next_identity_key = $nextIdentity, next_epoch_key = $nextKey WHERE id = $id", "$id", "$identity", "$key", "$nextIdentity", "$nextKey");
    }

    /// <summary>Whether the group's transaction still stands.</summary>
    internal bool IsInTransaction => raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>Counts probes, which takes the same lock, log and disk as a new key.</summary>
    internal bool Probe() => _probe.ExecuteNonQuery() == 1;

    internal void Add(StoredKey key, DateTimeOffset now)
    {
        if (_reader.Describe(key.Id) is { } present)
            throw KeyStoreRules.Present(key.Id, present.Revoked is not null);
        long serial = NextSerial();
        using var wrapped = WrappedKey.Of(key, serial, _wrapper);
        ClientId id = key.Id;
        Run(_add, id, (long)key.Protocol, (long)key.Evolution, SuiteSet.ToBits(key.Suites), serial,
            wrapped.Identity.Length, key.Epoch, wrapped.Root.Length, now.ToUnixTimeMilliseconds(), key.LastSeen?.ToUnixTimeMilliseconds());
        Fill(_fill, id, wrapped.Identity, wrapped.Root);
    }

    internal void Advance(ClientId id, long serial, long epoch, byte[] wrapped, DateTimeOffset now)
    {
        (long serial, long epoch, long? next)? state = State(id);
        if (state is not { } current || (serial != current.serial && serial != current.next))
            throw KeyStoreRules.Unknown(id);
        bool isNext = serial == current.next;
        if (!isNext && epoch <= current.epoch)
            return;
        Run(isNext ? _promote : _advance, id, epoch, wrapped.Length, now.ToUnixTimeMilliseconds());
        Fill(_fill, id, null, wrapped);
    }

    internal void Rotate(StoredKey key)
    {
        KeyRecord current = _reader.Describe(key.Id) ?? throw KeyStoreRules.Unknown(key.Id);
        KeyStoreRules.CheckRotation(_role, key, current);
        RefuseSame(key);
        long serial = NextSerial();
        using var wrapped = WrappedKey.Of(key, serial, _wrapper);
        bool isReplaced = KeyStoreRules.IsReplacedAtOnce(_role, current);
        ClientId id = key.Id;
        Run(isReplaced ? _replace : _queue, id, serial, wrapped.Identity.Length, wrapped.Root.Length);
        Fill(isReplaced ? _fill : _fillNext, id, wrapped.Identity, wrapped.Root);
    }

    internal bool Revoke(ClientId id, DateTimeOffset now) => Run(_revoke, id, now.ToUnixTimeMilliseconds()) == 1;

    internal void Restrict(ClientId id, long suites)
    {
        if (Run(_restrict, id, suites) == 0)
            throw KeyStoreRules.Unknown(id);
    }

    /// <summary>Wraps the keys of one identity again.</summary>
    /// <param name="id">The id.</param>
    /// <param name="previous">What opens them, where it is not the store's own wrapper.</param>
    /// <returns>False where the id is unknown, revoked or needs it no more.</returns>
    internal bool Rewrap(ClientId id, IKeyWrapper? previous)
    {
        UnwrappedKeys keys = new(previous ?? _wrapper);
        using StoredKey? opened = _reader.Read(id, keys);
        if (opened is null || (previous is null && keys.AreCurrent))
            return false;
        using var wrapped = WrappedKey.Of(opened, opened.Serial, _wrapper);
        using WrappedKey? next = opened.Successor is { } successor ? WrappedKey.Of(successor, successor.Serial, _wrapper) : null;
        Run(_rewrap, id, wrapped.Identity, wrapped.Root, next?.Identity, next?.Root);
        return true;
    }

    public void Dispose()
    {
        foreach (SqliteCommand command in (SqliteCommand[])[_probe, _serial, _add, _state, _advance, _promote, _replace, _queue, _fill, _fillNext, _revoke, _restrict, _rewrap])
            command.Dispose();
        _reader.Dispose();
    }

    // A key that cannot be read any more is replaced by a rotation, whatever it was.
    private void RefuseSame(StoredKey key)
    {
        try
        {
            using StoredKey? current = _reader.Read(key.Id, KeyReader.Opening(_wrapper));
            if (current is not null)
                KeyStoreRules.CheckIsNew(key, current);
        }
        catch (Exception e) when (e is CryptographicException or KeyStoreException)
        {
        }
    }

    private long NextSerial() => (long)_serial.ExecuteScalar()!;

    private (long, long, long?)? State(ClientId id)
    {
        using SqliteDataReader row = _state.With(id).ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetInt64(2)) : null;
    }

    // Where there is room and no key in it nothing may be committed, the rest of the group neither.
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

    // What the values hold is erased by whom it belongs to: a change may be run twice.
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
