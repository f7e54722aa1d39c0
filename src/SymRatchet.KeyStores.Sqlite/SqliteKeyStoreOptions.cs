using Microsoft.Extensions.Logging;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>How a SQLite key store behaves. Immutable.</summary>
public sealed record SqliteKeyStoreOptions
{
    /// <summary>What encrypts keys before they are written; by default they are written as they are, to a file that only its owner may read.</summary>
    public IKeyWrapper Wrapper { get; init; } = PlainKeys.Instance;

    /// <summary>
    /// How long the wrapper may take to answer, 5 seconds by default. It is asked while no lock is held, so one that
    /// hangs holds up its own callers only.
    /// </summary>
    public TimeSpan WrapperTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Whether a file that does not exist is an error instead of a new store. Off by default.</summary>
    public bool MustExist { get; init; }

    /// <summary>
    /// Whether a store is opened into which <c>symratchet store migrate</c> has copied another in part only. Off by
    /// default: clients, or revocations, may be missing in it. For programs that look at such a store or complete it.
    /// </summary>
    public bool MayBeUnfinished { get; init; }

    /// <summary>
    /// How long a call waits for other processes that use the file, 5 seconds by default. Whatever hangs, no wait for
    /// the file takes longer than three times that.
    /// </summary>
    public TimeSpan BusyTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a watch looks for revocations by other processes, 250 milliseconds by default.</summary>
    public TimeSpan WatchInterval { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The clock for what is recorded.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the store says that replaced keys cannot be erased for a while; nowhere by default.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Wrapper);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        if (BusyTimeout < TimeSpan.FromSeconds(1) || BusyTimeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException($"{nameof(BusyTimeout)} is {BusyTimeout}; it must be 1 second to 1 minute.");
        if (WrapperTimeout < TimeSpan.FromMilliseconds(100) || WrapperTimeout > TimeSpan.FromMinutes(1))
            throw new ArgumentException(
                $"{nameof(WrapperTimeout)} is {WrapperTimeout}; it must be 100 milliseconds to 1 minute."
            );
        if (WatchInterval < TimeSpan.FromMilliseconds(10) || WatchInterval > TimeSpan.FromSeconds(1))
            throw new ArgumentException($"{nameof(WatchInterval)} is {WatchInterval}; it must be 10 milliseconds to 1 second.");
    }
}
