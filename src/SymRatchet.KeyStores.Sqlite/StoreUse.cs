using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Says to all processes which file is in use at a path, for as long as one of them uses it. Whoever comes after the file was replaced is
/// refused: it would read and change a file that the others do not see.
/// </summary>
internal sealed class StoreUse : IDisposable
{
    private const string Suffix = "-lock";

    private readonly FileStream _shared;

    private StoreUse(FileStream shared) => _shared = shared;

    /// <summary>Registers as a user of the file.</summary>
    /// <param name="path">The path of the store.</param>
    /// <param name="file">The file that is there.</param>
    /// <param name="timeout">How long another may take to do the same.</param>
    /// <exception cref="KeyStoreException">Others use another file, or do not get out of the way.</exception>
    internal static StoreUse Begin(string path, FileStatus file, TimeSpan timeout)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{file.Device:x16}:{file.Inode:x16}");
        long started = Stopwatch.GetTimestamp();
        do
        {
            using (FileStream? alone = Open(path, FileAccess.ReadWrite, FileShare.None))
            {
                if (alone is not null && Read(alone) != name)
                    Write(path, alone, name);
            }

            if (Open(path, FileAccess.Read, FileShare.Read) is { } shared)
            {
                if (Read(shared) == name)
                    return new StoreUse(shared);
                shared.Dispose();
                throw StoreFailure.Replaced(path);
            }

            Thread.Sleep(1); // another is between its two steps
        }
        while (Stopwatch.GetElapsedTime(started) < timeout);
        throw new KeyStoreException($"The key store {path} is held by another process for too long.");
    }

    /// <summary>Whether a program has the store open. Elsewhere than on Linux none says so.</summary>
    internal static bool IsInUse(string path)
    {
        path = StoreFile.Resolve(path);
        if (!File.Exists(path + Suffix))
            return false;
        using FileStream? alone = Open(path, FileAccess.ReadWrite, FileShare.None);
        return alone is null;
    }

    public void Dispose() => _shared.Dispose();

    // The lock of the file goes with the process, however it ends. Null where others have it.
    private static FileStream? Open(string path, FileAccess access, FileShare share)
    {
        FileStreamOptions options = new() { Mode = FileMode.OpenOrCreate, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && access != FileAccess.Read)
            options.UnixCreateMode = StoreFile.OwnerOnly;
        if (access == FileAccess.Read)
            options.Mode = FileMode.Open;
        try
        {
            return new FileStream(path + Suffix, options);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException) && File.Exists(path + Suffix))
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException($"The key store {path} cannot be opened: {e.Message}", e);
        }
    }

    private static string Read(FileStream file)
    {
        Span<byte> bytes = stackalloc byte[64];
        return Encoding.ASCII.GetString(bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)]);
    }

    // As long as what was there, so that a full disk does not leave half of it.
    private static void Write(string path, FileStream file, string name)
    {
        try
        {
            file.Position = 0;
            file.Write(Encoding.ASCII.GetBytes(name));
        }
        catch (IOException e)
        {
            throw new KeyStoreException($"The key store {path} cannot be opened: {e.Message}", e);
        }
    }
}
