using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SymRatchet.Keys;

/// <summary>
/// A small file that holds a key: created for its owner alone, and read only where nobody else may use it. A file is
/// opened once, and what is
/// checked is the open file, so no other can take its place between the check and the read. Nothing of it passes
/// through a buffer that stays.
/// </summary>
/// <remarks>
/// Linux checks the kind of the file, its owner and its mode; other Unix systems its mode. On Windows the rights are
/// the folder's.
/// </remarks>
internal static partial class OwnerOnlyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode AllOfOwner = OwnerOnly | UnixFileMode.UserExecute;

    /// <summary>Reads the file into memory that the caller erases.</summary>
    /// <returns>How much there is; as much as fits where the file is as long or longer.</returns>
    /// <exception cref="IOException">The file cannot be read, is not a regular file, or others may use it.</exception>
    internal static int Read(string path, Span<byte> content)
    {
        using SafeFileHandle file = OpenChecked(path);
        int length = 0;
        while (length < content.Length && RandomAccess.Read(file, content[length..], length) is > 0 and int read)
            length += read;
        return length;
    }

    /// <summary>Writes a new file. It is on the disk when this returns, and none is left when it fails.</summary>
    /// <exception cref="IOException">The file exists already, as a link too, or cannot be written.</exception>
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
            File.Delete(path); // a part of a key is of no use, and in the way of the next attempt
            throw;
        }
    }

    private static SafeFileHandle OpenChecked(string path)
    {
        SafeFileHandle file = OperatingSystem.IsLinux() ? OpenOnLinux(path) : File.OpenHandle(path);
        try
        {
            if (OperatingSystem.IsLinux())
                RefuseForeign(path, file);
            if (
                !OperatingSystem.IsWindows()
                && (File.GetUnixFileMode(file) & ~AllOfOwner) is not UnixFileMode.None and UnixFileMode others
            )
                throw new IOException(
                    $"{path} holds a key and may be used by others than its owner ({others}). Make it private first: chmod 600 {path}"
                );
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    [SupportedOSPlatform("linux")]
    private static SafeFileHandle OpenOnLinux(string path)
    {
        int descriptor = Linux.Open(Path.GetFullPath(path), Linux.ReadOnly | Linux.NoFollow);
        int error = Marshal.GetLastPInvokeError();
        if (descriptor >= 0)
            return new SafeFileHandle(descriptor, ownsHandle: true);
        throw error switch
        {
            Linux.NotFound => new FileNotFoundException($"There is no file {path}.", path),
            Linux.IsLink => new IOException($"{path} is a symbolic link. Name the file itself."),
            _ => new IOException($"{path} cannot be opened: {Marshal.GetPInvokeErrorMessage(error)}"),
        };
    }

    [SupportedOSPlatform("linux")]
    private static void RefuseForeign(string path, SafeFileHandle file)
    {
        if (Linux.Status(file, "", Linux.OfHandle, Linux.ModeAndOwner, out Linux.FileStatus status) != 0)
            throw new IOException($"{path} cannot be looked at: {Marshal.GetLastPInvokeErrorMessage()}");
        if ((status.Mode & Linux.KindMask) != Linux.RegularFile)
            throw new IOException($"{path} is not a regular file.");
        if (status.Owner != 0 && status.Owner != Linux.EffectiveUser())
            throw new IOException(
                $"{path} holds a key and belongs to another user ({status.Owner}). Let its user own it: chown"
            );
    }

    // A new name is as durable as its folder. One that may not be read cannot be flushed.
    [SupportedOSPlatform("linux")]
    private static void FlushFolderOf(string path)
    {
        int descriptor = Linux.Open(Path.GetDirectoryName(Path.GetFullPath(path))!, Linux.ReadOnly);
        if (descriptor < 0)
            return;
        using SafeFileHandle folder = new(descriptor, ownsHandle: true);
        RandomAccess.FlushToDisk(folder);
    }

    /// <summary>
    /// What .NET does not offer: an open that follows no link and waits for nobody, and the owner of an open file.
    /// </summary>
    [SupportedOSPlatform("linux")]
    private static partial class Linux
    {
        internal const int NotFound = 2;
        internal const int IsLink = 40;

        /// <summary>Closed in child processes, and without a wait for whoever writes to a pipe.</summary>
        internal const int ReadOnly = 0x80000 | 0x800;

        internal const int OfHandle = 0x1000;
        internal const uint ModeAndOwner = 0x1 | 0x2 | 0x8;
        internal const int KindMask = 0xF000;
        internal const int RegularFile = 0x8000;

        private const string Library = "libc";

        /// <summary>O_NOFOLLOW is the one flag here that differs among processors.</summary>
        internal static int NoFollow { get; } =
            RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le
                ? 0x8000
                : 0x20000;

        [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Open(string path, int flags);

        [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Status(
            SafeFileHandle file,
            string path,
            int flags,
            uint mask,
            out FileStatus status
        );

        [LibraryImport(Library, EntryPoint = "geteuid")]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial uint EffectiveUser();

        /// <summary>The kernel's struct statx, the same on every processor, as far as it is read.</summary>
        [StructLayout(LayoutKind.Explicit, Size = 256)]
        internal struct FileStatus
        {
            [FieldOffset(20)]
            internal uint Owner;

            [FieldOffset(28)]
            internal ushort Mode;
        }
    }
}
