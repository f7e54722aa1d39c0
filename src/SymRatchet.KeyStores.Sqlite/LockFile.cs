using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SymRatchet.Keys;

#pragma warning disable CA1416 // used only where FileStatus.IsSupported

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// The file beside a store that its users lock, on Linux. It is opened without following a link or waiting for a pipe,
/// and must be a file that no other user may write to. The lock is released when the process ends.
/// </summary>
internal sealed class LockFile : IDisposable
{
    private readonly SafeFileHandle _file;

    private LockFile(SafeFileHandle file) => _file = file;

    /// <summary>Opens the file, or creates it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="ownerOfStore">The user that the store belongs to.</param>
    /// <exception cref="IOException">It cannot be opened, or is not the store's own.</exception>
    internal static LockFile Open(string path, uint ownerOfStore)
    {
        const int Flags = LinuxFile.ReadWrite | LinuxFile.Create | LinuxFile.Quietly;
        SafeFileHandle file = new(
            LinuxFile.Open(path, Flags | LinuxFile.NoFollow, (uint)StoreFile.OwnerOnly),
            ownsHandle: true
        );
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

    internal bool TryLockAlone() => LinuxFile.Lock(_file, LinuxFile.Exclusive | LinuxFile.AtOnce) == 0;

    internal bool TryShare() => LinuxFile.Lock(_file, LinuxFile.Shared | LinuxFile.AtOnce) == 0;

    internal string Read()
    {
        Span<byte> bytes = stackalloc byte[64];
        return Encoding.ASCII.GetString(bytes[..RandomAccess.Read(_file, bytes, 0)]);
    }

    /// <summary>Writes what is as long as what was there, so that a full disk does not leave half of it.</summary>
    internal void Write(string text) => RandomAccess.Write(_file, Encoding.ASCII.GetBytes(text), 0);

    public void Dispose() => _file.Dispose();
}
