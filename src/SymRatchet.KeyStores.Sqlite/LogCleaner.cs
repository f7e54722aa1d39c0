using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using SQLitePCL;
using SymRatchet.Diagnostics;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Copies the log into the database file after each commit, and leaves nothing in the log but at most the one page of
/// that commit: it holds keys as they are now, and the next commit writes over it in place. A process that reads the
/// store for long makes that impossible; then old keys stay readable until it succeeds.
/// </summary>
internal sealed partial class LogCleaner
{
    /// <summary>How long keys may move on while old ones cannot be erased.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    // The log's header, a page's header and a page of SQLite's default size.
    private const long OnePageLog = 32 + 24 + 4096;

    // Ordinary use of a store by other processes takes milliseconds.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long? _behindSince;

    internal LogCleaner(string path, SqliteKeyStoreOptions options)
    {
        _path = path;
        _time = options.TimeProvider;
        _logger = GuardedLogger.Create(options.LoggerFactory, "SymRatchet.KeyStores.Sqlite");
    }

    /// <summary>Gets whether old keys wait to be erased.</summary>
    internal bool IsBehind => _behindSince is not null;

    /// <summary>Gets whether they have waited for so long that no key may move on.</summary>
    internal bool IsOverdue => _behindSince is { } since && _time.GetElapsedTime(since) > Limit;

    /// <summary>Why <see cref="IsOverdue"/> keeps keys where they are.</summary>
    internal KeyStoreException Overdue =>
        new(
            $"The log of the key store {_path} cannot be cleaned:"
                + $" another process has been reading the store for more than {Limit.TotalMinutes:0} minutes, and "
                + "old keys stay readable. No key moves on until it ends."
        );

    /// <summary>Cleans the log, and waits for readers for a moment only, and only the first of many times.</summary>
    internal void Clean(SqliteConnection connection)
    {
        bool isClean = TryClean(connection, IsBehind ? TimeSpan.Zero : Timeout);
        if (isClean && IsBehind)
        {
            _behindSince = null;
            LogCleaned(_logger, _path);
        }
        else if (!isClean && !IsBehind)
        {
            _behindSince = _time.GetTimestamp();
            LogNotCleaned(_logger, _path, Limit.TotalMinutes);
        }
    }

    private bool TryClean(SqliteConnection connection, TimeSpan timeout)
    {
        // SQLite's own wait is as long as that for a lock, and does not hold for another process that cleans at the
        // same time.
        raw.sqlite3_busy_timeout(connection.Handle, 0);
        try
        {
            long started = Stopwatch.GetTimestamp();
            while (!TryClean(connection))
            {
                if (Stopwatch.GetElapsedTime(started) >= timeout)
                    return false;
                Thread.Sleep(1);
            }

            return true;
        }
        catch (SqliteException)
        {
            return false; // the disk is full or fails: what is committed is committed, and this is tried again
        }
        finally
        {
            raw.sqlite3_busy_timeout(connection.Handle, connection.DefaultTimeout * 1000);
        }
    }

    // A log that is cut off and grows again waits for the file system twice more than one that is written over. More
    // than one page may be left of a larger commit before, of this process or another: such a log is cut off.
    private bool TryClean(SqliteConnection connection) =>
        Checkpoint(connection, "RESTART", out long pages)
        && (
            (pages <= 1 && new FileInfo(_path + StoreFile.Log) is not { Exists: true, Length: > OnePageLog })
            || Checkpoint(connection, "TRUNCATE", out _)
        );

    private static bool Checkpoint(SqliteConnection connection, string mode, out long pages)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = $"PRAGMA wal_checkpoint({mode})";
        const int isBlockedColumn = 0;
        const int pagesColumn = 1;
        using SqliteDataReader row = command.ExecuteReader();
        bool done = row.Read() && row.GetInt64(isBlockedColumn) == 0;
        pages = done ? row.GetInt64(pagesColumn) : 0;
        return done;
    }

    [LoggerMessage(
        EventId = 301,
        Level = LogLevel.Warning,
        Message = "Another process reads the key store {Path} for long: replaced keys stay readable in its files "
            + "until it ends. Sessions go on for {Minutes} minutes."
    )]
    private static partial void LogNotCleaned(ILogger logger, string path, double minutes);

    [LoggerMessage(
        EventId = 302,
        Level = LogLevel.Information,
        Message = "The replaced keys of the key store {Path} are erased."
    )]
    private static partial void LogCleaned(ILogger logger, string path);
}
