using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using SymRatchet.Keys;

namespace SymRatchet.Tool.Channels;

/// <summary>A standard stream of a Unix system: a pipe, a file, a terminal or a socket.</summary>
internal sealed unsafe partial class UnixStandardStream : StandardStream
{
    private const string Library = "libc";
    private const int Interrupted = 4;
    private const int BrokenPipe = 32;
    private const int SendingSide = 1;
    private const int StandardError = 2;
    private const int MostDescriptors = 1024;
    private const int GetFlags = 3;
    private const int SetPipeSize = 1031;
    private const int LargePipe = 1 << 20;
    private const int AccessMode = 3;
    private const int WriteOnly = 1;
    private const short Readable = 1;
    private const short Writable = 4;

    private static readonly int WouldBlock = OperatingSystem.IsLinux() ? 11 : 35;

    private readonly int _descriptor;

    internal UnixStandardStream(int descriptor)
    {
        _descriptor = descriptor;

        // As large as any user may make it, so that the two programs at its ends wait for each other less often. What
        // is not a pipe stays as it is.
        if (OperatingSystem.IsLinux())
            _ = Control(descriptor, SetPipeSize, LargePipe);
    }

    internal override int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                nint count = Read(_descriptor, start, (nuint)buffer.Length);
                if (count >= 0)
                    return (int)count;
                WaitOrThrow(Readable, "standard input cannot be read");
            }
        }
    }

    internal override void Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (int written = 0; written < bytes.Length; )
            {
                nint count = Write(_descriptor, start + written, (nuint)(bytes.Length - written));
                if (count >= 0)
                    written += (int)count;
                else
                    WaitOrThrow(Writable, "standard output cannot be written");
            }
        }
    }

    // Something must take its place: the next file that is opened would get its number, and what others write to it.
    internal override void Close()
    {
        _ = Shutdown(_descriptor, SendingSide); // of a socket that is standard input too; others are left as they are
        int[] duplicates = OperatingSystem.IsLinux() ? FindDuplicates() : [];
        using SafeFileHandle nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        foreach (int one in (int[])[_descriptor, .. duplicates])
        {
            if (Replace((int)nothing.DangerousGetHandle(), one) < 0)
                throw new IOException($"standard output cannot be closed: {Marshal.GetLastPInvokeErrorMessage()}");
        }
    }

    // The runtime duplicates the standard streams at its start, and a pipe ends with the last descriptor of its writing
    // end. Where standard error is the same pipe, its end is that of the process.
    [SupportedOSPlatform("linux")]
    private int[] FindDuplicates() =>
        LinuxFile.TryGetStatus(_descriptor, out LinuxFile.Status own) && own.IsPipe && !IsSame(StandardError)
            ? [.. Enumerable.Range(StandardError + 1, MostDescriptors).Where(IsSame)]
            : [];

    [SupportedOSPlatform("linux")]
    private bool IsSame(int other) =>
        LinuxFile.TryGetStatus(_descriptor, out LinuxFile.Status own)
        && LinuxFile.TryGetStatus(other, out LinuxFile.Status status)
        && status.IsSameFile(own)
        && (Control(other, GetFlags, 0) & AccessMode) == WriteOnly;

    // Whoever started this program may have made the stream one that does not wait.
    private void WaitOrThrow(short readiness, string failure)
    {
        int error = Marshal.GetLastPInvokeError();
        if (error == WouldBlock)
        {
            PollEntry entry = new() { Descriptor = _descriptor, Wanted = readiness };
            _ = Poll(&entry, 1, -1);
        }
        else if (error != Interrupted)
        {
            throw new IOException(
                error == BrokenPipe
                    ? $"{failure}: its reader has closed it before the end"
                    : $"{failure}: {Marshal.GetPInvokeErrorMessage(error)}"
            );
        }
    }

    [LibraryImport(Library, EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Read(int descriptor, byte* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Write(int descriptor, byte* bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport(Library, EntryPoint = "shutdown", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Shutdown(int descriptor, int how);

    [LibraryImport(Library, EntryPoint = "fcntl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Control(int descriptor, int command, nint argument);

    [LibraryImport(Library, EntryPoint = "dup2", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Replace(int by, int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        internal int Descriptor;
        internal short Wanted;
        internal short Ready;
    }
}
