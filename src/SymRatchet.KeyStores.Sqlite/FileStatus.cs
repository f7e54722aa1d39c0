using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SymRatchet.Keys;

#pragma warning disable CA1416 // used only where FileStatus.IsSupported

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>The identity of a file, its owner and its mode. Links are followed.</summary>
/// <param name="Device">The file system.</param>
/// <param name="Inode">The file in it.</param>
/// <param name="Owner">The user that it belongs to.</param>
/// <param name="Mode">Who may use it.</param>
/// <param name="Names">How many names (hard links) it has.</param>
/// <param name="IsRegular">Whether it is a regular file, and not a folder, pipe or device.</param>
/// <param name="IsMounted">Whether the file itself is mounted at the path. Linux reports it since 5.8.</param>
internal readonly record struct FileStatus(
    ulong Device,
    ulong Inode,
    uint Owner,
    UnixFileMode Mode,
    uint Names,
    bool IsRegular,
    bool IsMounted
)
{
    /// <summary>
    /// Gets whether files can be identified on this system. Only on Linux does a store notice that its files were
    /// replaced.
    /// </summary>
    internal static bool IsSupported { get; } = OperatingSystem.IsLinux();

    /// <summary>The user in whose name this process opens files.</summary>
    internal static uint User => LinuxFile.EffectiveUser();

    /// <summary>Reads the status; null if there is no file.</summary>
    internal static FileStatus? Of(string path)
    {
        if (LinuxFile.TryGetStatus(path, followLink: true, out LinuxFile.Status status))
            return From(status);
        int error = Marshal.GetLastPInvokeError();
        return error is LinuxFile.NotFound or LinuxFile.NoDirectory
            ? null
            : throw new KeyStoreException($"{path} cannot be looked at: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Reads the status of an open file.</summary>
    internal static FileStatus Of(SafeFileHandle file) =>
        LinuxFile.TryGetStatus(file, out LinuxFile.Status status)
            ? From(status)
            : throw new IOException(Marshal.GetLastPInvokeErrorMessage());

    internal bool IsSameFile(FileStatus other) => Device == other.Device && Inode == other.Inode;

    private static FileStatus From(LinuxFile.Status status) =>
        new(status.Device, status.Inode, status.Owner, status.Mode, status.Names, status.IsRegular, status.IsMounted);
}
