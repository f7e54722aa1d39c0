using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Translates SQLite's error codes into exceptions for the operator of the store.</summary>
internal static class StoreFailure
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int InputOutputNoRoomForIndex = 10 | (19 << 8);
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NoDatabase = 26;

    /// <summary>Returns the exception for an error of SQLite.</summary>
    /// <param name="path">The store.</param>
    /// <param name="e">What SQLite threw.</param>
    /// <param name="isOutcomeUnknown">Whether the change may have been made.</param>
    internal static KeyStoreException Of(string path, SqliteException e, bool isOutcomeUnknown = false) =>
        new(
            $"The key store {path} "
                + e.SqliteErrorCode switch
                {
                    Busy or Locked => "is held by another process for too long.",
                    ReadOnly => "is read-only. A store that cannot move its keys forward makes no sessions.",
                    _ when e.SqliteErrorCode == Full || e.SqliteExtendedErrorCode == InputOutputNoRoomForIndex =>
                        "cannot grow: the disk is full. It serves again once there is room.",
                    Corrupt => "is damaged. Restore it from a backup; the handshake catches up with the other side."
                        + " A program that opens and closes the file of its own store, for a backup, drops SQLite's "
                        + "locks and may be the cause.",
                    NoDatabase => "is not a database, or its header is damaged.",
                    CannotOpen => "cannot be opened.",
                    InputOutput => "cannot be read or written: the disk or file system failed.",
                    _ => "failed.",
                }
                + $" (SQLite: {e.SqliteErrorCode}/{e.SqliteExtendedErrorCode})",
            e
        )
        {
            IsOutcomeUnknown = isOutcomeUnknown,
        };

    /// <summary>The files at the path are not those that are open.</summary>
    internal static KeyStoreException Replaced(string path, bool isOutcomeUnknown = false) =>
        new(
            $"A file of the key store {path} was replaced or removed while programs use it. Stop them all, restore "
                + "the store if need be, then start them."
        )
        {
            IsOutcomeUnknown = isOutcomeUnknown,
        };

    /// <summary>
    /// SQLite keeps the log beside a name: a process that uses another name does not see it, and undoes what it holds.
    /// </summary>
    internal static KeyStoreException OtherName(string path) =>
        new(
            $"{path} is in use by another name too, or could be: a hard link, or a mount of the file itself. Give it "
                + "one name only; link or mount its folder."
        );

    /// <summary>Clients, or revocations, may be missing.</summary>
    internal static KeyStoreException Unfinished(string path) =>
        new(
            $"The key store {path} is a copy of another store that is not finished: run 'symratchet store migrate' "
                + "again."
        );

    /// <summary>A call that did not complete in its time.</summary>
    internal static KeyStoreException Late(string path, TimeSpan limit, bool isOutcomeUnknown) =>
        new($"The key store {path} did not answer within {limit.TotalSeconds:0.#} s: its disk or a lock hangs.")
        {
            IsOutcomeUnknown = isOutcomeUnknown,
        };

    /// <summary>
    /// Returns whether a commit that SQLite has refused is certainly not made: it never came to the last page of the
    /// log.
    /// </summary>
    internal static bool IsRefusal(SqliteException e) =>
        e.SqliteErrorCode is Busy or Locked or ReadOnly or Full or Corrupt;

    /// <summary>Returns whether a page of the file is damaged; others need not be.</summary>
    internal static bool IsDamage(SqliteException e) => e.SqliteErrorCode == Corrupt;
}
