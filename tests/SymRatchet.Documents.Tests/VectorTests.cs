using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// The vectors are what a program computes that was written from docs/protocol.md and shares no code.
/// </summary>
public sealed partial class VectorTests
{
    [SkippableFact]
    public async Task The_program_beside_the_vectors_computes_every_value_of_them()
    {
        await SkipWithoutPythonAsync();
        ProcessRun run = await RunAsync(Repository.Root, "--check");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.True(int.Parse(Values().Match(run.Output).Groups[1].ValueSpan) > 1000);
    }

    [SkippableFact]
    public async Task One_digit_that_is_changed_is_found_and_mended()
    {
        await SkipWithoutPythonAsync();
        using TemporaryFolder folder = new();
        SourceCopy.Make(folder, "docs/vectors");
        string file = Path.Combine(folder.Path, "docs", "vectors", "v1-records.json");
        string vectors = await File.ReadAllTextAsync(file);
        int digit = vectors.LastIndexOf("\"body\": \"", StringComparison.Ordinal) + "\"body\": \"".Length;
        char other = vectors[digit] == '0' ? '1' : '0';
        await File.WriteAllTextAsync(file, $"{vectors[..digit]}{other}{vectors[(digit + 1)..]}");

        ProcessRun run = await RunAsync(folder.Path, "--check");
        Assert.Equal(1, run.ExitCode);
        Assert.Equal("differs: records.suites[2].records[3].body", run.Error.Trim());
        Assert.Equal(0, (await RunAsync(folder.Path, "--write")).ExitCode);
        Assert.Equal(vectors, await File.ReadAllTextAsync(file));
    }

    private static Task<ProcessRun> RunAsync(string folder, string option) =>
        ProcessRun.RunAsync(folder, "python3", Path.Combine("docs", "vectors", "generate.py"), option);

    private static async Task SkipWithoutPythonAsync()
    {
        bool isThere;
        try
        {
            isThere =
                (await ProcessRun.RunAsync(Repository.Root, "python3", "-c", "import cryptography")).ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            isThere = false;
        }

        Skip.IfNot(isThere, "There is no Python with the package cryptography (Debian: python3-cryptography).");
    }

    [GeneratedRegex(@"(\d+) values, 0 of them differ")]
    private static partial Regex Values();
}
