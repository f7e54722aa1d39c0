namespace SymRatchet.KeyStores.Sqlite;

/// <summary>The file of a store: its owner's alone from the moment it exists.</summary>
internal static class StoreFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Creates the file where that is allowed, and refuses one that others may read or that cannot be written.</summary>
    internal static void Prepare(string path, bool mustExist)
    {
        if (!File.Exists(path))
            Create(path, mustExist);
        if (OperatingSystem.IsWindows())
            return; // there the rights are the folder's

        if ((File.GetUnixFileMode(path) & UnixFileMode.UserWrite) == 0)
            throw new KeyStoreException($"The key store {path} is read-only. A store that cannot move its keys forward makes no sessions: chmod 600 {path}");
        foreach (string part in (string[])[path, path + "-wal", path + "-shm", path + "-journal"])
            RefuseIfOthersMayUse(part);
    }

    private static void Create(string path, bool mustExist)
    {
        if (mustExist)
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

    private static void RefuseIfOthersMayUse(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path))
            return;
        UnixFileMode others = File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute);
        if (others != 0)
            throw new KeyStoreException($"{path} holds keys and may be used by others than its owner ({others}). Make it private first: chmod 600 {path}");
    }
}
