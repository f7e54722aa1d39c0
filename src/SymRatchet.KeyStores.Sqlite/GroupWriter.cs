using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The one writer of a store. Changes that arrive while a commit waits for the disk form the next group: one transaction and one wait
/// for all of them. A change is reported once its group is durable and no key that it replaced is in the log.
/// </summary>
internal sealed class GroupWriter : IAsyncDisposable
{
    private const int MaxGroup = 512;

    // The log's header, a page's header and a page of SQLite's default size.
    private const long OnePageLog = 32 + 24 + 4096;

    private readonly Channel<PendingWrite> _queue = System.Threading.Channels.Channel.CreateUnbounded<PendingWrite>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Func<SqliteConnection> _open;
    private readonly Func<SqliteConnection, KeyWrites> _prepare;
    private readonly string _path;
    private readonly Task _running;
    private SqliteConnection? _connection;
    private KeyWrites? _writes;

    internal GroupWriter(string path, Func<SqliteConnection> open, Func<SqliteConnection, KeyWrites> prepare)
    {
        _path = path;
        _open = open;
        _prepare = prepare;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Runs a change in the next group.</summary>
    internal async ValueTask<T> WriteAsync<T>(Func<KeyWrites, T> change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        PendingChange<T> write = new(change);
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(write), typeof(SqliteKeyStore));
        return await write.Result.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Copies the log into the database file, and leaves nothing in the log but at most the one page of the last commit: it holds keys as they are
    /// now, and the next commit writes over it in place. Where it fails, old keys would still be readable.
    /// </summary>
    internal static void CleanLog(SqliteConnection connection, string path)
    {
        // SQLite waits for readers and writers by itself, but not for another process that cleans the log at the same time.
        long started = Stopwatch.GetTimestamp();
        while (!TryCleanLog(connection, path))
        {
            if (Stopwatch.GetElapsedTime(started).TotalSeconds > connection.DefaultTimeout)
                throw new KeyStoreException($"The log of the key store {path} cannot be cleaned: another process holds the store for too long.");
            Thread.Sleep(1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _running.ConfigureAwait(false);
        Close();
    }

    // A log that is cut off and grows again waits for the file system twice more than one that is written over. More than one page may be left of
    // a larger commit before, of this process or another: such a log is cut off.
    private static bool TryCleanLog(SqliteConnection connection, string path) =>
        Checkpoint(connection, "RESTART", out long pages)
        && ((pages <= 1 && new FileInfo(path + "-wal") is not { Exists: true, Length: > OnePageLog }) || Checkpoint(connection, "TRUNCATE", out _));

    private static bool Checkpoint(SqliteConnection connection, string mode, out long pages)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"PRAGMA wal_checkpoint({mode})";
        using SqliteDataReader row = command.ExecuteReader();
        bool done = row.Read() && row.GetInt64(0) == 0;
        pages = done ? row.GetInt64(1) : 0;
        return done;
    }

    private async Task RunAsync()
    {
        List<PendingWrite> group = [];
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            while (group.Count < MaxGroup && _queue.Reader.TryRead(out PendingWrite? write))
                group.Add(write);
            Commit(group);
            group.Clear();
        }
    }

#pragma warning disable CA1031 // whatever fails is handed to those who wait, and the writer goes on
    private void Commit(List<PendingWrite> group)
    {
        try
        {
            _connection ??= _open();
            _writes ??= _prepare(_connection);
            _connection.Execute("BEGIN IMMEDIATE");
            foreach (PendingWrite write in group)
                write.Run(_writes);
            _connection.Execute("COMMIT");
            CleanLog(_connection, _path);
            foreach (PendingWrite write in group)
                write.Report();
        }
        catch (Exception e)
        {
            Exception failure = e is SqliteException sqlite ? StoreFailure.Of(_path, sqlite) : e;
            foreach (PendingWrite write in group)
                write.Fail(failure);
            Close(); // which rolls back what is not committed; the next group opens its own
        }
    }

    private void Close()
    {
        try
        {
            _writes?.Dispose();
            _connection?.Dispose();
        }
        catch (Exception)
        {
            // It is given up whatever it says.
        }

        _writes = null;
        _connection = null;
    }
#pragma warning restore CA1031
}
