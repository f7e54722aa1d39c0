using SymRatchet.Documents.Tests.Running;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// The change of the library that the guide shows as a diff: applied to a copy of the sources, built with every
/// analyser, and tested by the tests that it brings, beside those of the layers that it touches.
/// </summary>
[Collection(nameof(SourceCopy))]
public sealed class PatchTests
{
    [Fact]
    public async Task The_new_opcode_applies_builds_and_passes_its_tests()
    {
        using TemporaryFolder folder = new();
        SourceCopy.Make(
            folder,
            "docs",
            "src/SymRatchet",
            "src/SymRatchet.Aggregation",
            "tests/SymRatchet.TestKit",
            "tests/SymRatchet.Tests"
        );

        await ProcessRun.GoodAsync(folder.Path, "git", "apply", "docs/extending/new-opcode.diff");
        string said = await ProcessRun.GoodAsync(
            folder.Path,
            ProcessRun.Dotnet,
            "test",
            "tests/SymRatchet.Tests",
            "--nologo",
            "--filter",
            "FullyQualifiedName~Protocol1|FullyQualifiedName~Architecture.T"
        );
        Assert.Contains("Passed!", said, StringComparison.Ordinal);
        ProcessRun listed = await ProcessRun.RunAsync(
            folder.Path,
            ProcessRun.Dotnet,
            "test",
            "tests/SymRatchet.Tests",
            "--nologo",
            "--no-build",
            "--list-tests",
            "--filter",
            "FullyQualifiedName~DrainTests"
        );
        Assert.Contains("A_client_that_is_told_to_drain_knows_and_goes_on", listed.Output, StringComparison.Ordinal);
    }
}
