using System.Diagnostics;
using System.Globalization;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Announces to all processes which file is in use at a path, for as long as one of them uses it. A process that opens
/// the path after the file was replaced is refused: it would read and change a file that the others do not see.
/// </summary>
internal sealed class StoreUse : IDisposable
{
    private const string Suffix = "-lock";

    private readonly LockFile _shared;

    private StoreUse(LockFile shared) => _shared = shared;

    /// <summary>Registers as a user of the file.</summary>
    /// <param name="path">The path of the store.</param>
    /// <param name="file">The file that is there.</param>
    /// <param name="timeout">How long another may take to do the same.</param>
    /// <exception cref="KeyStoreException">Others use another file, or hold the lock for too long.</exception>
    internal static StoreUse Begin(string path, FileStatus file, TimeSpan timeout)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{file.Device:x16}:{file.Inode:x16}");
        LockFile? opened = null;
        try
        {
            opened = LockFile.Open(path + Suffix, file.Owner);
            long started = Stopwatch.GetTimestamp();
            do
            {
                if (opened.TryLockAlone() && opened.Read() != name)
                    opened.Write(name);

                // Another may have come between: the lock is given up before it is shared.
                if (opened.TryShare())
                {
                    if (opened.Read() != name)
                        throw StoreFailure.Replaced(path);
                    StoreUse use = new(opened);
                    opened = null;
                    return use;
                }

                Thread.Sleep(1);
            } while (Stopwatch.GetElapsedTime(started) < timeout);
            throw new KeyStoreException($"The key store {path} is held by another process for too long.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException($"The key store {path} cannot be opened: {e.Message}", e);
        }
        finally
        {
            opened?.Dispose();
        }
    }

    /// <summary>Returns whether a program has the store open. Always false on systems other than Linux.</summary>
    internal static bool IsInUse(string path)
    {
        path = StoreFile.Resolve(path);
        if (!FileStatus.IsSupported || FileStatus.Of(path) is not { } file || !File.Exists(path + Suffix))
            return false;
        try
        {
            using var opened = LockFile.Open(path + Suffix, file.Owner);
            return !opened.TryLockAlone();
        }
        catch (IOException e)
        {
            throw new KeyStoreException($"The key store {path} cannot be opened: {e.Message}", e);
        }
    }

    public void Dispose() => _shared.Dispose();
}
