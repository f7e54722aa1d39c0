namespace SymRatchet.Programs.Tests.Running;

/// <summary>Programs of the system; a test that needs one that is not there is skipped.</summary>
internal static class Installed
{
    private static readonly string[] Folders =
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'),
        "/usr/sbin",
        "/usr/local/sbin",
    ];

    /// <param name="program">Its name.</param>
    /// <param name="package">What Debian calls its package.</param>
    internal static string PathOf(string program, string package)
    {
        string? path = Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
        Skip.If(path is null, $"{program} is not installed. On Debian, 'apt-get install {package}' is all it takes.");
        return path!;
    }
}
