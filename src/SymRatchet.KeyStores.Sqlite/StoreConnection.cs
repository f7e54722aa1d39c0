using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Opens connections with the settings on which the store's guarantees depend.</summary>
internal static class StoreConnection
{
    internal static SqliteConnection Open(string path, TimeSpan busyTimeout)
    {
        _ = ErasingMemory.IsOn; // which must come before the first connection
        SqliteConnectionStringBuilder settings = new()
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = (int)Math.Ceiling(busyTimeout.TotalSeconds),
        };
        SqliteConnection connection = new(settings.ToString());
        try
        {
            connection.Open();

            // The connection's own small blocks are not erased when they are freed. SQLite refuses only while some are
            // in use.
            if (raw.sqlite3_db_config(connection.Handle, raw.SQLITE_DBCONFIG_LOOKASIDE, 0, 0, 0) != raw.SQLITE_OK)
                throw new KeyStoreException($"SQLite does not give up the memory that it cannot erase for {path}.");

            // FULL: a commit is on the disk before it is reported. secure_delete: what is replaced is overwritten with
            // zeros. temp_store: nothing is written anywhere but to the store's own files.
            connection.Execute(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"""
                    PRAGMA busy_timeout = {(long)busyTimeout.TotalMilliseconds};
                    PRAGMA synchronous = FULL;
                    PRAGMA fullfsync = ON;
                    PRAGMA checkpoint_fullfsync = ON;
                    PRAGMA secure_delete = ON;
                    PRAGMA temp_store = MEMORY;
                    PRAGMA wal_autocheckpoint = 0;
                    """
                )
            );
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal static void Execute(this SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal static long Number(this SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>A statement that is compiled once and run often.</summary>
    internal static SqliteCommand Prepare(
        this SqliteConnection connection,
        string sql,
        params ReadOnlySpan<string> parameters
    )
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (string name in parameters)
            command.Parameters.Add(new SqliteParameter(name, DBNull.Value));
        command.Prepare();
        return command;
    }

    /// <summary>Sets the parameters in the order in which they were named.</summary>
    internal static SqliteCommand With(this SqliteCommand command, params ReadOnlySpan<object?> values)
    {
        for (int i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] is ClientId id ? id.ToArray() : values[i] ?? DBNull.Value;
        return command;
    }
}
