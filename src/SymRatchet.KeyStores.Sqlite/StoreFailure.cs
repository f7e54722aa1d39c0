using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Says what SQLite's error codes mean for whoever runs the store.</summary>
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

    internal static KeyStoreException Of(string path, SqliteException e) => new($"The key store {path} " + e.SqliteErrorCode switch
    {
        Busy or Locked => "is held by another process for too long.",
        ReadOnly => "is read-only. A store that cannot move its keys forward makes no sessions.",
        _ when e.SqliteErrorCode == Full || e.SqliteExtendedErrorCode == InputOutputNoRoomForIndex => "cannot grow: the disk is full. It serves again once there is room.",
        Corrupt => "is damaged. Put it back from a backup; the handshake catches up with the other side.",
        NoDatabase => "is no database, or its head is damaged.",
        CannotOpen => "cannot be opened.",
        InputOutput => "cannot be read or written: the disk or file system failed.",
        _ => "failed.",
    } + $" (SQLite: {e.SqliteErrorCode}/{e.SqliteExtendedErrorCode})", e);

    internal static KeyStoreException Of(string path, CryptographicException e) =>
        new($"A key of the key store {path} cannot be unwrapped: {e.Message}", e);
}
