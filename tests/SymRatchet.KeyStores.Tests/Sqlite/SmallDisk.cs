using System.Diagnostics;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>A file system of a few pages, which a test can fill. Only root may make one, and only on Linux.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _path;

    private SmallDisk(string path) => _path = path;

    private string Ballast => PathOf("ballast");

    internal static SmallDisk Mount(int kilobytes)
    {
        Skip.IfNot(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "Run as root on Linux to have a disk that can be filled."
        );
        string path = Directory.CreateTempSubdirectory("symratchet-disk-").FullName;
        bool mounted = Run("mount", "-t", "tmpfs", "-o", $"size={kilobytes}k", "tmpfs", path);
        if (!mounted)
            Directory.Delete(path);
        Skip.IfNot(mounted, "This machine does not let root mount a tmpfs.");
        return new SmallDisk(path);
    }

    internal string PathOf(string name) => Path.Combine(_path, name);

    internal void Fill()
    {
        using FileStream ballast = new(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
                ballast.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // Full, which is the point of it.
        }
    }

    internal void MakeRoom() => File.Delete(Ballast);

    public void Dispose()
    {
        Run("umount", "-l", _path);
        Directory.Delete(_path);
    }

    internal static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
