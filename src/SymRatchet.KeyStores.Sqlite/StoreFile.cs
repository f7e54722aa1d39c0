namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The file of a store and those beside it, which only their owner may use from the moment they exist.
/// </summary>
internal static class StoreFile
{
    internal const string Log = "-wal";
    internal const string Index = "-shm";

    internal const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const uint Root = 0;

    /// <summary>
    /// Creates the file where that is allowed, and refuses one that others may read or that cannot be written.
    /// </summary>
    /// <returns>
    /// The path of the file itself, beside which SQLite keeps its log, where the given one is a link.
    /// </returns>
    internal static string Prepare(string path, bool createIfMissing)
    {
        path = Resolve(path);
        if (!File.Exists(path))
            Create(path, createIfMissing);
        CheckRights(path);
        return path;
    }

    /// <summary>
    /// Refuses files that others may use or that belong to others. Done again when SQLite has opened them.
    /// </summary>
    internal static void CheckRights(string path)
    {
        if (OperatingSystem.IsWindows())
            return; // on Windows the rights are the folder's
        if ((File.GetUnixFileMode(path) & UnixFileMode.UserWrite) == 0)
            throw new KeyStoreException(
                $"The key store {path} is read-only. A store that cannot move its keys forward makes no sessions: "
                    + $"chmod 600 {path}"
            );
        FileStatus? file = FileStatus.IsSupported ? FileStatus.Of(path) : null;
        if (file is { Names: > 1 } or { IsMounted: true })
            throw StoreFailure.OtherName(path);
        foreach (string part in (string[])[path, path + Log, path + Index, path + "-journal"])
            RefuseIfOthersMayUse(part, file?.Owner);
    }

    /// <summary>
    /// Returns whether a file of this owner may belong to a store. Root may serve the store of another user.
    /// </summary>
    internal static bool IsOwn(uint owner, uint? ownerOfStore) =>
        owner == Root || owner == FileStatus.User || (FileStatus.User == Root && owner == ownerOfStore);

    internal static string Resolve(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        }
        catch (IOException)
        {
            return path; // there is no such file, or links form a circle; opening it reports that
        }
    }

    private static void Create(string path, bool createIfMissing)
    {
        if (!createIfMissing)
            throw new KeyStoreException($"There is no key store {path}.");
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        try
        {
            using FileStream file = new(path, options);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first; its file is looked at like any other.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException($"The key store {path} cannot be created: {e.Message}", e);
        }
    }

    private static void RefuseIfOthersMayUse(string path, uint? ownerOfStore)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path))
            return;
        UnixFileMode others = File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute);
        if (others != 0)
            throw new KeyStoreException(
                $"{path} holds keys and may be used by others than its owner ({others}). Make it private first: "
                    + $"chmod 600 {path}"
            );

        // An owner may grant themselves what the mode denies.
        if (FileStatus.IsSupported && FileStatus.Of(path) is { } status && !IsOwn(status.Owner, ownerOfStore))
        {
            throw new KeyStoreException(
                $"{path} holds keys and belongs to the user {status.Owner}, who may read it. Make it this program's "
                    + $"own first: chown {FileStatus.User} {path}"
            );
        }
    }
}
