using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>How a SQLite key store behaves. Read when the store is opened; later changes change nothing. Not thread-safe.</summary>
public sealed class SqliteKeyStoreOptions
{
    /// <summary>Makes options with defaults.</summary>
    public SqliteKeyStoreOptions()
    {
    }

    /// <summary>Makes a copy; what the options refer to is shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
    public SqliteKeyStoreOptions(SqliteKeyStoreOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Wrapper = other.Wrapper;
        CreateIfMissing = other.CreateIfMissing;
        BusyTimeout = other.BusyTimeout;
        WatchInterval = other.WatchInterval;
        TimeProvider = other.TimeProvider;
        LoggerFactory = other.LoggerFactory;
    }

    /// <summary>What encrypts keys before they are written; by default they are written as they are, to a file that only its owner may read.</summary>
    public IKeyWrapper Wrapper { get; set; } = PlainKeys.Instance;

    /// <summary>Whether a file that does not exist becomes a store; otherwise it is an error. On by default.</summary>
    public bool CreateIfMissing { get; set; } = true;

    /// <summary>
    /// How long a call waits for other processes that use the file, 5 seconds by default. Whatever hangs, no call takes longer than three times that.
    /// </summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a watch looks for revocations by other processes, 250 milliseconds by default.</summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The clock for what is recorded.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Where the store says that replaced keys cannot be erased for a while; nowhere by default.</summary>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>A copy that was found to be in range, which no later change reaches.</summary>
    internal SqliteKeyStoreOptions Validated()
    {
        ArgumentNullException.ThrowIfNull(Wrapper);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        ArgumentNullException.ThrowIfNull(LoggerFactory);
        if (BusyTimeout < TimeSpan.FromSeconds(1) || BusyTimeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(BusyTimeout)} is {BusyTimeout}; it must be 1 second to 1 minute.");
        if (WatchInterval < TimeSpan.FromMilliseconds(10) || WatchInterval > TimeSpan.FromSeconds(1))
            throw new ArgumentException($"{nameof(WatchInterval)} is {WatchInterval}; it must be 10 milliseconds to 1 second.");
        return new SqliteKeyStoreOptions(this);
    }
}
