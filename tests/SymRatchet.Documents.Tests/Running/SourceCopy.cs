using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Running;

/// <summary>A copy of some of the sources that a test may change and build.</summary>
internal static class SourceCopy
{
    private static readonly string[] Common =
    [
        ".editorconfig",
        "Directory.Build.props",
        "Directory.Packages.props",
        "src/Directory.Build.props",
        "src/Directory.Build.targets",
        "src/BannedSymbols.txt",
        "tests/Directory.Build.props",
    ];

    /// <summary>Copies folders, and what every project of the repository needs beside its own.</summary>
    internal static void Make(TemporaryFolder folder, params string[] folders) => Make(folder.Path, folders);

    /// <summary>The same, to any folder.</summary>
    internal static void Make(string folder, params string[] folders)
    {
        foreach (string file in Common.Concat(folders.SelectMany(FilesOf)))
        {
            string target = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Repository.PathOf(file), target);
        }
    }

    private static IEnumerable<string> FilesOf(string folder) =>
        Directory
            .EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"));
}
