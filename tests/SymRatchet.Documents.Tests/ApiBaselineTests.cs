using SymRatchet.Documents.Tests.Running;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// A package that takes something away from its users cannot be packed; one that brings something can.
/// </summary>
[Collection(nameof(SourceCopy))]
public sealed class ApiBaselineTests
{
    private const string Changed = "src/SymRatchet.Aggregation/Serving/AnswerText.cs";
    private const string Member = "public static bool TryParse(";

    [Fact]
    public async Task Only_a_break_stops_a_package()
    {
        using TemporaryFolder folder = new();
        SourceCopy.Make(folder, "docs/images", "src/SymRatchet", "src/SymRatchet.Aggregation", "api");
        string source = await File.ReadAllTextAsync(folder.PathOf(Changed));
        const string Head = "public static class AnswerText\n{\n";
        Assert.Contains(Head, source, StringComparison.Ordinal);

        string added = source.Replace(
            Head,
            Head + "    /// <summary>New.</summary>\n    public static int Added => 1;\n\n",
            StringComparison.Ordinal
        );
        await File.WriteAllTextAsync(folder.PathOf(Changed), added);
        ProcessRun packed = await PackAsync(folder);
        Assert.True(packed.ExitCode == 0, packed.Output + packed.Error);

        await File.WriteAllTextAsync(
            folder.PathOf(Changed),
            source.Replace(
                Member,
                Member.Replace("public", "internal", StringComparison.Ordinal),
                StringComparison.Ordinal
            )
        );
        ProcessRun broken = await PackAsync(folder);
        Assert.NotEqual(0, broken.ExitCode);
        Assert.Contains("CP0002", broken.Output, StringComparison.Ordinal);
    }

    // The PublicAPI files would refuse both changes before the baseline is asked, so their analyser stays out.
    private static Task<ProcessRun> PackAsync(TemporaryFolder folder) =>
        ProcessRun.RunAsync(
            folder.Path,
            ProcessRun.Dotnet,
            "pack",
            "src/SymRatchet.Aggregation",
            "-o",
            "packages",
            "--nologo",
            "-p:RunAnalyzers=false",
            "-p:EnableSourceControlManagerQueries=false"
        );
}
