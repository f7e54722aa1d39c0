using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// How a SQLite key store behaves. Read when the store is opened; later changes change nothing. Not thread-safe.
/// </summary>
public sealed class SqliteKeyStoreOptions
{
    /// <summary>Makes options with defaults.</summary>
    public SqliteKeyStoreOptions() { }

    /// <summary>Makes a copy; what the options refer to is shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
    public SqliteKeyStoreOptions(SqliteKeyStoreOptions other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Wrapper = other.Wrapper;
        WrapperTimeout = other.WrapperTimeout;
        CreateIfMissing = other.CreateIfMissing;
        MayBeUnfinished = other.MayBeUnfinished;
        BusyTimeout = other.BusyTimeout;
        WatchInterval = other.WatchInterval;
        TimeProvider = other.TimeProvider;
        LoggerFactory = other.LoggerFactory;
    }

    /// <summary>
    /// What encrypts keys before they are written; by default they are written as they are, to a file that only its
    /// owner may read.
    /// </summary>
    public IKeyWrapper Wrapper { get; set; } = PlaintextKeyWrapper.Instance;

    /// <summary>
    /// How long the wrapper may take to answer, 3 seconds by default. It is asked while no lock is held, so one that
    /// hangs holds up its own callers only.
    /// </summary>
    public TimeSpan WrapperTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Whether a file that does not exist becomes a store; otherwise it is an error. On by default.</summary>
    public bool CreateIfMissing { get; set; } = true;

    /// <summary>
    /// Whether a store is opened into which <c>symratchet store migrate</c> has copied another in part only. Off by
    /// default: clients, or revocations, may be missing in it. For programs that look at such a store or complete it.
    /// </summary>
    public bool MayBeUnfinished { get; set; }

    /// <summary>
    /// How long a call waits for other processes that use the file, 5 seconds by default. Whatever hangs, no wait for
    /// the file takes longer than three times that.
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
        if (WrapperTimeout < TimeSpan.FromMilliseconds(100) || WrapperTimeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException(
                $"{nameof(WrapperTimeout)} is {WrapperTimeout}; it must be 100 milliseconds to 1 minute."
            );
        if (WatchInterval < TimeSpan.FromMilliseconds(10) || WatchInterval > TimeSpan.FromSeconds(1))
            throw new ArgumentException(
                $"{nameof(WatchInterval)} is {WatchInterval}; it must be 10 milliseconds to 1 second."
            );
        return new SqliteKeyStoreOptions(this);
    }
}
