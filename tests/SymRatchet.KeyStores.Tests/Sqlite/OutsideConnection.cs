using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>The store file in the hands of another program.</summary>
internal sealed class OutsideConnection : IDisposable
{
    private readonly SqliteConnection _connection;

    internal OutsideConnection(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
    }

    /// <summary>
    /// Makes one database what another is, in place, as <c>.backup</c> and <c>.restore</c> of the sqlite3 program do.
    /// </summary>
    internal static void Copy(string from, string to)
    {
        using OutsideConnection source = new(from);
        using OutsideConnection target = new(to);
        source._connection.BackupDatabase(target._connection);
    }

    internal int Run(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    internal long Number(string sql)
    {
        using SqliteCommand command = _connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Reads, and goes on reading until <see cref="End"/>, as a backup does.</summary>
    internal void BeginReading()
    {
        Run("BEGIN");
        Number("SELECT count(*) FROM keys");
    }

    internal void BeginWriting() => Run("BEGIN IMMEDIATE");

    internal void End() => Run("ROLLBACK");

    public void Dispose() => _connection.Dispose();
}
