namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The files of a store that is open: the one at the path, its log and the log's index. Replacing or removing one under
/// a running program makes it work on files that no other process sees. The files are held open, so their numbers are
/// given to no others.
/// </summary>
internal sealed class StoreFiles
{
    private readonly (string Path, FileStatus Status)[] _files;
    private readonly string _path;

    /// <summary>Remembers the files that are there.</summary>
    /// <param name="paths">The store as its user names it, then as it is where that is a link.</param>
    internal StoreFiles(params ReadOnlySpan<string> paths)
    {
        _path = paths[0];
        string file = paths[^1];
        string[] all = FileStatus.IsSupported ? [.. paths, file + StoreFile.Log, file + StoreFile.Index] : [];
        _files = [.. all.Distinct().Select(path => (path, FileStatus.Of(path) ?? throw StoreFailure.Replaced(_path)))];
    }

    /// <summary>Refuses to go on with files that are not those at the paths any more.</summary>
    internal void Check()
    {
        foreach ((string path, FileStatus status) in _files)
        {
            if (FileStatus.Of(path) is not { } now || !now.IsSameFile(status))
                throw StoreFailure.Replaced(_path);
            if (now.Names > 1)
                throw StoreFailure.OtherName(path);
        }
    }
}
