using Microsoft.Win32.SafeHandles;
using SymRatchet.Keys;

namespace SymRatchet.Tool.Doctor;

/// <summary>Whether keys last in the folder of a file, and whether others can exchange them.</summary>
internal static class FolderChecks
{
    private static readonly Dictionary<string, (string Finding, string Advice)> Doubtful = new()
    {
        ["tmpfs"] = ("is in memory", "keep keys on a disk: these are lost when the machine restarts"),
        ["ramfs"] = ("is in memory", "keep keys on a disk: these are lost when the machine restarts"),
        ["overlay"] = ("is a container's own layer", "keep keys on a volume: these are lost with the container"),
        ["btrfs"] = ("is copy-on-write", "old keys stay on the disk: take another file system, or encrypt the disk"),
        ["zfs"] = ("is copy-on-write", "old keys stay on the disk: take another file system, or encrypt the disk"),
        ["nfs"] = ("is on the network", "keep keys on a local disk: locks and durability depend on the server"),
        ["cifs"] = ("is on the network", "keep keys on a local disk: locks and durability depend on the server"),
        ["smb"] = ("is on the network", "keep keys on a local disk: locks and durability depend on the server"),
        ["fuse"] = ("is a program's", "keep keys on a local disk: locks and durability depend on that program"),
        ["9p"] = ("is of another system", "keep keys on a local disk: locks and durability depend on that system"),
    };

    /// <param name="path">The path of a file with keys.</param>
    /// <param name="isWritten">Whether files are made in the folder, as a SQLite store does.</param>
    internal static IEnumerable<Check> Of(string path, bool isWritten)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string name = $"folder {folder}";
        if (!Directory.Exists(folder))
        {
            yield return Check.Fail(
                name,
                "it does not exist",
                "create it, for the user of the program only (chmod 700)"
            );
            yield break;
        }

        if (OperatingSystem.IsLinux() && FindOthers(folder) is { } others)
            yield return Check.Warn(name, others, $"chmod 700 {folder}, and chown it to the user of the program");
        yield return CheckFileSystem(name, folder);
        if (isWritten)
            yield return CheckWritable(name, folder);
    }

    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    private static string? FindOthers(string folder)
    {
        if (!LinuxFile.TryGetStatus(folder, followLink: true, out LinuxFile.Status status))
            return null;
        if (status.Owner != 0 && status.Owner != LinuxFile.EffectiveUser())
            return $"it belongs to the user {status.Owner}, who can exchange its files";
        return
            (status.Mode & (UnixFileMode.OtherWrite | UnixFileMode.GroupWrite)) != 0
            && (status.Mode & UnixFileMode.StickyBit) == 0
            ? "others may write to it, and so exchange its files"
            : null;
    }

    private static Check CheckFileSystem(string name, string folder)
    {
        string format = new DriveInfo(folder).DriveFormat;
        foreach ((string known, (string finding, string advice)) in Doubtful)
        {
            if (format.StartsWith(known, StringComparison.OrdinalIgnoreCase))
                return Check.Warn(name, $"its file system, {format}, {finding}", advice);
        }

        return Check.Ok(name, $"its file system is {format}");
    }

    private static Check CheckWritable(string name, string folder)
    {
        string path = Path.Combine(folder, $".symratchet-doctor-{Guid.NewGuid():N}");
        try
        {
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(file, "x"u8, 0);
                RandomAccess.FlushToDisk(file);
            }

            File.Delete(path);
            return Check.Ok(name, "files can be made in it and written to the disk");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Check.Fail(
                name,
                $"no file can be made in it: {e.Message}",
                "a SQLite store keeps two files beside it: let the user of the program write here"
            );
        }
    }
}
