using SymRatchet.Documents.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// The change of the library that the guide shows as a diff: applied to a copy of the sources, built with every analyser, and tested by the tests that it
/// brings, beside those of the rooms that it touches.
/// </summary>
public sealed class PatchTests
{
    private static readonly string[] Copied = ["docs", "src/SymRatchet", "src/SymRatchet.Aggregation", "tests/SymRatchet.TestKit", "tests/SymRatchet.Tests"];

    private static readonly string[] CopiedFiles =
        [".editorconfig", "README.md", "Directory.Build.props", "Directory.Packages.props", "src/Directory.Build.props", "src/BannedSymbols.txt", "tests/Directory.Build.props"];

    [Fact]
    public async Task The_new_opcode_applies_builds_and_passes_its_tests()
    {
        using TemporaryFolder folder = new();
        foreach (string file in CopiedFiles.Concat(Copied.SelectMany(FilesOf)))
        {
            string target = folder.PathOf(file);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(Repository.PathOf(file), target);
        }

        await ProcessRun.GoodAsync(folder.Path, "git", "apply", "docs/extending/new-opcode.diff");
        string said = await ProcessRun.GoodAsync(
            folder.Path, ProcessRun.Dotnet, "test", "tests/SymRatchet.Tests", "--nologo", "--filter", "FullyQualifiedName~Session|FullyQualifiedName~Architecture");
        Assert.Contains("Passed!", said, StringComparison.Ordinal);
        ProcessRun listed = await ProcessRun.RunAsync(
            folder.Path, ProcessRun.Dotnet, "test", "tests/SymRatchet.Tests", "--nologo", "--no-build", "--list-tests", "--filter", "FullyQualifiedName~DrainTests");
        Assert.Contains("A_client_that_is_told_to_drain_knows_and_goes_on", listed.Output, StringComparison.Ordinal);
    }

    private static IEnumerable<string> FilesOf(string folder) => Directory.EnumerateFiles(Repository.PathOf(folder), "*", SearchOption.AllDirectories)
        .Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
        .Where(file => !file.Split('/').Any(part => part is "bin" or "obj"));
}
