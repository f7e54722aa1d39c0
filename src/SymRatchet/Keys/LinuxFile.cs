using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace SymRatchet.Keys;

/// <summary>
/// File functions that .NET does not offer: opening without following links or blocking, a lock that ends with the
/// process, and the owner of an open file. Every assembly that keeps keys in files compiles this file too.
/// </summary>
[SupportedOSPlatform("linux")]
internal static partial class LinuxFile
{
    internal const int NotFound = 2;
    internal const int NoDirectory = 20;
    internal const int IsLink = 40;
    internal const int WouldBlock = 11;

    /// <summary>
    /// O_CLOEXEC and O_NONBLOCK: not inherited by child processes, and not waiting for the writer of a pipe.
    /// </summary>
    internal const int Quietly = 0x80000 | 0x800;

    internal const int ReadWrite = 0x2;
    internal const int Create = 0x40;

    internal const int Shared = 1;
    internal const int Exclusive = 2;

    /// <summary>LOCK_NB: fail at once if the lock is taken.</summary>
    internal const int AtOnce = 4;

    private const int CurrentDirectory = -100;
    private const int OfHandle = 0x1000;
    private const int NotOfLink = 0x100;
    private const uint BasicStatus = 0x7FF;
    private const string Library = "libc";

    /// <summary>O_NOFOLLOW, the only flag here that differs between architectures.</summary>
    internal static int NoFollow { get; } =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le
            ? 0x8000
            : 0x20000;

    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Open(string path, int flags, uint mode);

    [LibraryImport(Library, EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport(Library, EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    internal static partial uint EffectiveUser();

    /// <summary>Reads the status of an open file.</summary>
    /// <returns>False if it cannot be read; the last error says why.</returns>
    internal static bool TryGetStatus(SafeFileHandle file, out Status status)
    {
        bool isCounted = false;
        try
        {
            file.DangerousAddRef(ref isCounted);
            return TryGetStatus((int)file.DangerousGetHandle(), out status);
        }
        finally
        {
            if (isCounted)
                file.DangerousRelease();
        }
    }

    /// <summary>Reads the status of an open file by its number.</summary>
    /// <returns>False if there is none of that number.</returns>
    internal static bool TryGetStatus(int descriptor, out Status status) =>
        Statx(descriptor, "", OfHandle, BasicStatus, out status) == 0;

    /// <summary>Reads the status of the file at a path.</summary>
    /// <param name="path">The path.</param>
    /// <param name="followLink">Whether to follow a symbolic link.</param>
    /// <param name="status">The status.</param>
    /// <returns>False if it cannot be read; the last error says why.</returns>
    internal static bool TryGetStatus(string path, bool followLink, out Status status) =>
        Statx(CurrentDirectory, path, followLink ? 0 : NotOfLink, BasicStatus, out status) == 0;

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, string path, int flags, uint mask, out Status status);

    /// <summary>
    /// The fields of the kernel's struct statx that are used here; the layout is the same on every architecture.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct Status
    {
        private const int KindMask = 0xF000;
        private const int RegularKind = 0x8000;
        private const int PipeKind = 0x1000;
        private const ulong MountRoot = 0x2000;

        [FieldOffset(8)]
        private readonly ulong _attributes;

        [FieldOffset(16)]
        internal readonly uint Names;

        [FieldOffset(20)]
        internal readonly uint Owner;

        [FieldOffset(28)]
        private readonly ushort _mode;

        [FieldOffset(32)]
        internal readonly ulong Inode;

        [FieldOffset(136)]
        private readonly uint _major;

        [FieldOffset(140)]
        private readonly uint _minor;

        internal readonly ulong Device => ((ulong)_major << 32) | _minor;

        internal readonly UnixFileMode Mode => (UnixFileMode)(_mode & 0xFFF);

        internal readonly bool IsRegular => (_mode & KindMask) == RegularKind;

        internal readonly bool IsPipe => (_mode & KindMask) == PipeKind;

        internal readonly bool IsMounted => (_attributes & MountRoot) != 0;

        internal readonly bool IsSameFile(Status other) => Inode == other.Inode && Device == other.Device;
    }
}
