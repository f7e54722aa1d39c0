using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>Which file is at a path, whose it is, and who may use it. Links are followed.</summary>
/// <param name="Device">The file system.</param>
/// <param name="Inode">The file in it.</param>
/// <param name="Owner">The user that it belongs to.</param>
/// <param name="Mode">Who may use it.</param>
/// <param name="Names">How many names (hard links) it has.</param>
/// <param name="IsRegular">Whether it is a file, and no folder, pipe or device.</param>
/// <param name="IsMounted">Whether the file itself is mounted at the path. Linux tells it since 5.8.</param>
internal readonly partial record struct FileStatus(
    ulong Device, ulong Inode, uint Owner, UnixFileMode Mode, uint Names, bool IsRegular, bool IsMounted)
{
    private const int CurrentDirectory = -100;
    private const int OfHandle = 0x1000;
    private const int KindMask = 0xF000;
    private const int RegularKind = 0x8000;
    private const uint BasicStatus = 0x7FF;
    private const ulong MountRoot = 0x2000;
    private const int FileNotFound = 2;
    private const int NoDirectory = 20;

    /// <summary>Whether files can be told apart here. Elsewhere than on Linux a store does not notice that its files were replaced.</summary>
    internal static bool IsSupported { get; } = OperatingSystem.IsLinux();

    /// <summary>The user in whose name this process opens files.</summary>
    internal static uint User => GetEffectiveUser();

    /// <summary>Reads the status; null where there is no file.</summary>
    internal static FileStatus? Of(string path)
    {
        // statx is the one whose layout is the same on all processors.
        Span<byte> status = stackalloc byte[256];
        if (Statx(CurrentDirectory, path, 0, BasicStatus, status) == 0)
            return Parse(status);
        int error = Marshal.GetLastPInvokeError();
        return error is FileNotFound or NoDirectory
            ? null
            : throw new KeyStoreException($"{path} cannot be looked at: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Reads the status of an open file.</summary>
    internal static FileStatus Of(SafeFileHandle file)
    {
        Span<byte> status = stackalloc byte[256];
        return Statx((int)file.DangerousGetHandle(), "", OfHandle, BasicStatus, status) == 0
            ? Parse(status)
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    internal bool IsSameFile(FileStatus other) => Device == other.Device && Inode == other.Inode;

    private static FileStatus Parse(ReadOnlySpan<byte> status) => new(
        ((ulong)Native(status[136..]) << 32) | Native(status[140..]),
        MemoryMarshal.Read<ulong>(status[32..]),
        Native(status[20..]),
        (UnixFileMode)(MemoryMarshal.Read<ushort>(status[28..]) & 0xFFF),
        Native(status[16..]),
        (MemoryMarshal.Read<ushort>(status[28..]) & KindMask) == RegularKind,
        (MemoryMarshal.Read<ulong>(status[8..]) & MountRoot) != 0);

    private static uint Native(ReadOnlySpan<byte> bytes) => MemoryMarshal.Read<uint>(bytes);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Statx(int directory, string path, int flags, uint mask, Span<byte> status);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUser();
}
