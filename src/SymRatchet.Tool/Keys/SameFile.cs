using SymRatchet.Keys;

namespace SymRatchet.Tool.Keys;

/// <summary>Whether two paths name one file. Links are followed; a hard link is recognised on Linux only.</summary>
internal static class SameFile
{
    internal static bool Is(string path, string other) =>
        OperatingSystem.IsLinux()
            ? LinuxFile.TryGetStatus(Path.GetFullPath(path), followLink: true, out LinuxFile.Status one)
                && LinuxFile.TryGetStatus(Path.GetFullPath(other), followLink: true, out LinuxFile.Status two)
                && one.IsSameFile(two)
            : string.Equals(Resolve(path), Resolve(other), StringComparison.OrdinalIgnoreCase);

    private static string Resolve(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (IOException)
        {
            // there is no such file, or links form a circle: opening it reports that
            return Path.GetFullPath(path);
        }
    }
}
