using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SymRatchet.Keys;

/// <summary>
/// A small file that holds a key: created for its owner only, and read only if nobody else has access. The checks are
/// made on the open file, so it cannot be exchanged between check and read. Its content passes through no buffer that
/// is not erased. The tool compiles this file too.
/// </summary>
/// <remarks>
/// On Linux the file's type, owner and mode are checked, on other Unix systems the mode. On Windows the access rights
/// are those of the folder.
/// </remarks>
internal static class OwnerOnlyFile
{
    /// <summary>What the message of an exception says if the file is open elsewhere.</summary>
    internal const string InUse = "is in use, by another process or by this one.";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode AllOfOwner = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Reads the file into memory, which the caller erases.</summary>
    /// <returns>The number of bytes read; the size of the buffer if the file is as long or longer.</returns>
    /// <exception cref="IOException">
    /// The file cannot be read, is not a regular file, or others have access.
    /// </exception>
    internal static int Read(string path, Span<byte> content)
    {
        using SafeFileHandle file = OpenChecked(path);
        return Read(file, content, 0);
    }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    internal static int Read(SafeFileHandle file, Span<byte> content, long offset)
    {
        int length = 0;
        while (
            length < content.Length && RandomAccess.Read(file, content[length..], offset + length) is > 0 and int read
        )
            length += read;
        return length;
    }

    /// <summary>
    /// Opens a file for reading and writing with an exclusive lock: another opening, in this process or elsewhere,
    /// fails until the handle is disposed. The directory entry is on the disk when this returns.
    /// </summary>
    /// <exception cref="IOException">As <see cref="Read(string, Span{byte})"/>, or the file is in use.</exception>
    internal static SafeFileHandle OpenLocked(string path, bool create)
    {
        SafeFileHandle file = OpenChecked(path, writes: true, create);
        try
        {
            if (OperatingSystem.IsLinux())
            {
                Lock(path, file);
                FlushFolderOf(path);
            }

            // Another file may have been renamed over this one before the lock was taken.
            return IsAt(path, file) ? file : throw new IOException($"{path} was replaced while it was opened.");
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Whether the path refers to the open file; always true on systems other than Linux.</summary>
    internal static bool IsAt(string path, SafeFileHandle file) =>
        !OperatingSystem.IsLinux()
        || (
            LinuxFile.TryGetStatus(file, out LinuxFile.Status opened)
            && LinuxFile.TryGetStatus(Path.GetFullPath(path), followLink: false, out LinuxFile.Status named)
            && opened.IsSameFile(named)
        );

    /// <summary>Writes a new file, which is on the disk when this returns. On failure no file is left.</summary>
    /// <exception cref="IOException">The file exists already, even as a link, or cannot be written.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        FileStreamOptions options = new()
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using FileStream file = new(path, options);
        try
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
            if (OperatingSystem.IsLinux())
                FlushFolderOf(path);
        }
        catch
        {
            File.Delete(path); // a partial key is useless, and would block the next attempt
            throw;
        }
    }

    private static SafeFileHandle OpenChecked(string path, bool writes = false, bool create = false)
    {
        SafeFileHandle file =
            OperatingSystem.IsLinux() ? OpenOnLinux(path, writes, create)
            : writes ? OpenOnOtherSystems(path, create)
            : File.OpenHandle(path);
        try
        {
            if (OperatingSystem.IsLinux())
                CheckOwner(path, file);
            if (
                !OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(file) & ~AllOfOwner) is not UnixFileMode.None and UnixFileMode others
            )
                throw new IOException(
                    $"{path} holds a key and may be used by others than its owner ({others}). Make it private first: "
                        + $"chmod 600 {path}"
                );
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // FileShare.None is the lock.
    private static SafeFileHandle OpenOnOtherSystems(string path, bool create)
    {
        if (create && !OperatingSystem.IsWindows() && !File.Exists(path))
            new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = OwnerOnly,
                }
            ).Dispose();
        FileMode mode = create ? FileMode.OpenOrCreate : FileMode.Open;
        return File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);
    }

    [SupportedOSPlatform("linux")]
    private static void Lock(string path, SafeFileHandle file)
    {
        if (LinuxFile.Lock(file, LinuxFile.Exclusive | LinuxFile.AtOnce) == 0)
            return;
        int error = Marshal.GetLastPInvokeError();
        throw new IOException(
            error == LinuxFile.WouldBlock
                ? $"{path} {InUse}"
                : $"{path} cannot be locked: {Marshal.GetPInvokeErrorMessage(error)}"
        );
    }

    [SupportedOSPlatform("linux")]
    private static SafeFileHandle OpenOnLinux(string path, bool writes, bool create)
    {
        int flags =
            LinuxFile.Quietly
            | LinuxFile.NoFollow
            | (writes ? LinuxFile.ReadWrite : 0)
            | (create ? LinuxFile.Create : 0);
        int descriptor = LinuxFile.Open(Path.GetFullPath(path), flags, (uint)OwnerOnly);
        int error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
            return new SafeFileHandle(descriptor, ownsHandle: true);
        throw error switch
        {
            LinuxFile.NotFound => new FileNotFoundException($"There is no file {path}.", path),
            LinuxFile.IsLink => new IOException($"{path} is a symbolic link. Name the file itself."),
            _ => new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}"),
        };
    }

    [SupportedOSPlatform("linux")]
    private static void CheckOwner(string path, SafeFileHandle file)
    {
        if (!LinuxFile.TryGetStatus(file, out LinuxFile.Status status))
            throw new IOException($"{path} cannot be checked: {Marshal.GetLastPInvokeErrorMessage()}");
        if (!status.IsRegular)
            throw new IOException($"{path} is not a regular file.");
        if (status.Owner != 0 && status.Owner != LinuxFile.EffectiveUser())
            throw new IOException(
                $"{path} holds a key and belongs to another user ({status.Owner}). Change its owner with chown."
            );
    }

    // A new directory entry is durable once its folder is synced. A folder that cannot be read cannot be synced.
    [SupportedOSPlatform("linux")]
    private static void FlushFolderOf(string path)
    {
        int descriptor = LinuxFile.Open(Path.GetDirectoryName(Path.GetFullPath(path))!, LinuxFile.Quietly, 0);
        if (descriptor < 0)
            return;
        using SafeFileHandle folder = new(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(folder);
    }
}
