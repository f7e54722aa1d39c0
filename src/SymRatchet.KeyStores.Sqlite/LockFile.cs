using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The file beside a store that its users lock, on Linux. It is opened without following a link or waiting for a pipe,
/// and must be a file that nobody else may write to. Its lock goes with the process, however that ends.
/// </summary>
internal sealed partial class LockFile : IDisposable
{
    private const int ReadWriteCreate = 0x2 | 0x40;
    private const int NoWaitClosedInChildren = 0x800 | 0x80000;
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int AtOnce = 4;

    private readonly SafeFileHandle _file;

    private LockFile(SafeFileHandle file) => _file = file;

    // O_NOFOLLOW is the one flag here that differs among processors.
    private static int NoFollow { get; } =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm or Architecture.Arm64 or Architecture.Ppc64le
            ? 0x8000
            : 0x20000;

    /// <summary>Opens the file, or creates it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="ownerOfStore">The user that the store belongs to.</param>
    /// <exception cref="IOException">It cannot be opened, or is not the store's own.</exception>
    internal static LockFile Open(string path, uint ownerOfStore)
    {
        SafeFileHandle file = new(
            Open(path, ReadWriteCreate | NoWaitClosedInChildren | NoFollow, (uint)StoreFile.OwnerOnly), ownsHandle: true);
        try
        {
            if (file.IsInvalid)
                throw new IOException($"{path}: {Marshal.GetLastPInvokeErrorMessage()}");
            var status = FileStatus.Of(file);
            if (!status.IsRegular)
                throw new IOException($"{path} is not a regular file.");
            if ((status.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
                throw new IOException($"{path} may be written by others than its owner.");
            if (!StoreFile.IsOwn(status.Owner, ownerOfStore))
                throw new IOException($"{path} belongs to the user {status.Owner}.");
            return new LockFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal bool TryLockAlone() => Lock(_file, Exclusive | AtOnce) == 0;

    internal bool TryShare() => Lock(_file, Shared | AtOnce) == 0;

    internal string Read()
    {
        Span<byte> bytes = stackalloc byte[64];
        return Encoding.ASCII.GetString(bytes[..RandomAccess.Read(_file, bytes, 0)]);
    }

    /// <summary>Writes what is as long as what was there, so that a full disk does not leave half of it.</summary>
    internal void Write(string text) => RandomAccess.Write(_file, Encoding.ASCII.GetBytes(text), 0);

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Lock(SafeFileHandle file, int operation);
}
