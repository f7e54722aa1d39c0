using System.Data.Common;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>A connection that reads, with its statements compiled. For one thread at a time.</summary>
internal sealed class KeyReader : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly ChannelRole _role;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _state;
    private readonly SqliteCommand _describe;
    private readonly SqliteCommand _list;

    internal KeyReader(SqliteConnection connection, ChannelRole role)
    {
        _connection = connection;
        _role = role;

        // For an unknown id the row of the next id is read, and the first row if there is none: an id that is not in
        // the index would be answered sooner without it.
        const string sameReads = """
            FROM keys NOT INDEXED
            WHERE rowid = coalesce((SELECT rowid FROM keys WHERE id >= $id ORDER BY id LIMIT 1), 1)
                AND id = $id
                AND epoch_key IS NOT NULL
            """;
        _find = connection.Prepare(KeyRow.Find(sameReads, "$identity", "$root"), "$id", "$identity", "$root");
        _read = connection.Prepare(
            $"""
            SELECT {KeyRow.KeyColumns}
            FROM keys
            WHERE id = $id
                AND epoch_key IS NOT NULL
            """,
            "$id"
        );
        _state = connection.Prepare(
            $"""
            SELECT {KeyState.Columns}
            FROM keys
            WHERE id = $id
            """,
            "$id"
        );
        _describe = connection.Prepare(
            $"""
            SELECT {KeyRow.RecordColumns}
            FROM keys
            WHERE id = $id
            """,
            "$id"
        );
        _list = connection.Prepare(
            $"""
            SELECT {KeyRow.RecordColumns}
            FROM keys
            WHERE id > $after
            ORDER BY id
            LIMIT $limit
            """,
            "$after",
            "$limit"
        );
    }

    /// <summary>
    /// Finds an identity, by the same reads whether it exists or not. docs/key-stores.md says what difference in time
    /// is left.
    /// </summary>
    internal SealedKeys Find(ClientId id, WrappedKey decoy)
    {
        using SqliteDataReader row = _find.With(id, decoy.Identity, decoy.Root).ExecuteReader();
        row.Read();
        return KeyRow.ReadKeys(row, _role, id, ReadKey, hasDecoys: true);
    }

    /// <summary>Reads the keys of an identity, for a change of them.</summary>
    internal SealedKeys? Read(ClientId id)
    {
        using SqliteDataReader row = _read.With(id).ExecuteReader();
        return row.Read() ? KeyRow.ReadKeys(row, _role, id, ReadKey, hasDecoys: false) : null;
    }

    /// <summary>Returns which keys an identity has; null if the id is unknown.</summary>
    internal KeyState? State(ClientId id)
    {
        using SqliteDataReader row = _state.With(id).ExecuteReader();
        return row.Read() ? KeyState.Read(row) : null;
    }

    internal KeyRecord? Describe(ClientId id)
    {
        using SqliteDataReader row = _describe.With(id).ExecuteReader();
        return row.Read() ? KeyRow.ReadRecord(row) : null;
    }

    internal IReadOnlyList<KeyRecord> List(byte[] after, int limit)
    {
        using SqliteDataReader row = _list.With(after, limit).ExecuteReader();
        List<KeyRecord> page = [];
        while (row.Read())
            page.Add(KeyRow.ReadRecord(row));
        return page;
    }

    internal List<string> Check()
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = "PRAGMA integrity_check";
        const int problemColumn = 0;
        using SqliteDataReader row = command.ExecuteReader();
        List<string> problems = [];
        while (row.Read())
        {
            if (row.GetString(problemColumn) is not "ok" and { } problem)
                problems.Add(problem);
        }

        return problems;
    }

    public void Dispose()
    {
        _find.Dispose();
        _read.Dispose();
        _state.Dispose();
        _describe.Dispose();
        _list.Dispose();
        _connection.Dispose();
    }

    private static byte[] ReadKey(DbDataReader row, int column)
    {
        ReadOnlySpan<byte> blob = row.IsDBNull(column)
            ? throw new InvalidCastException("A key is missing.")
            : raw.sqlite3_column_blob(((SqliteDataReader)row).Handle, column);
        byte[] bytes = KeyMemory.Allocate(blob.Length);
        blob.CopyTo(bytes);
        return bytes;
    }
}
