using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Options of a SQLite key store.</summary>
/// <remarks>
/// They are read when the store is opened; later changes have no effect. Not thread-safe.
/// </remarks>
public sealed class SqliteKeyStoreOptions
{
    /// <summary>
    /// Initializes a new instance of the <see cref="SqliteKeyStoreOptions"/> class with the defaults.
    /// </summary>
    public SqliteKeyStoreOptions() { }

    /// <summary>
    /// Initializes a new instance of the <see cref="SqliteKeyStoreOptions"/> class as a copy; what the options refer to
    /// is shared.
    /// </summary>
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

    /// <summary>Gets or sets what encrypts keys before they are written.</summary>
    /// <value>
    /// <see cref="PlaintextKeyWrapper.Instance"/> by default: keys are written in plaintext, to a file that only its
    /// owner may read.
    /// </value>
    public IKeyWrapper Wrapper { get; set; } = PlaintextKeyWrapper.Instance;

    /// <summary>Gets or sets how long the wrapper may take to answer.</summary>
    /// <value>
    /// 3 seconds by default. The wrapper is called while no lock is held, so one that hangs delays its own callers
    /// only.
    /// </value>
    public TimeSpan WrapperTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Gets or sets a value indicating whether the store is created if the file does not exist.</summary>
    /// <value>The default is <see langword="true"/>; otherwise a missing file is an error.</value>
    public bool CreateIfMissing { get; set; } = true;

    /// <summary>Gets or sets a value indicating whether an unfinished copy of another store may be opened.</summary>
    /// <value>
    /// The default is <see langword="false"/>: clients, or revocations, may be missing in a store into which
    /// <c>symratchet store migrate</c> has copied another in part only. For programs that inspect such a store or
    /// complete it.
    /// </value>
    public bool MayBeUnfinished { get; set; }

    /// <summary>Gets or sets how long a call waits for other processes that use the file.</summary>
    /// <value>5 seconds by default. No wait for the file takes longer than three times that, whatever hangs.</value>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how often a watch looks for revocations by other processes.</summary>
    /// <value>250 milliseconds by default.</value>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Gets or sets the clock for the times that are recorded.</summary>
    /// <value><see cref="TimeProvider.System"/> by default.</value>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Gets or sets where the store logs that replaced keys cannot be erased for a while.</summary>
    /// <value><see cref="NullLoggerFactory.Instance"/> by default, which logs nothing.</value>
    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    /// <summary>Returns a copy, which no later change reaches, after checking that all values are in range.</summary>
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
