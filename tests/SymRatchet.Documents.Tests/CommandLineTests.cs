using System.Reflection;
using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// The command lines that the documents name and <see cref="CommandTests"/> does not run: programs, commands, options
/// and filters that there are.
/// </summary>
public sealed partial class CommandLineTests
{
    private static readonly string Binaries = typeof(CommandLineTests)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "ToolBinaries")
        .Value!;

    private static readonly (string Document, string Text)[] Lines =
    [
        .. from document in Document.All
        from line in document.Blocks.SelectMany(block => block.Lines).Concat(InlineCode(document))
        select (document.Path, line.Split(" #")[0].Trim()),
    ];

    [Fact]
    public async Task Every_command_of_the_tool_has_what_the_documents_give_it()
    {
        Dictionary<string, string> help = [];
        var lines = Lines.Where(line => ToolLine().IsMatch(line.Text)).Distinct().ToArray();
        Assert.True(lines.Length >= 20, "the commands are not where they were");
        foreach ((string document, string text) in lines)
        {
            string[] words = ToolLine().Match(text).Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string path = "";
            int next = 0;
            while (next < words.Length && CommandsIn(await HelpAsync(path)).Contains(words[next]))
                path += " " + words[next++];
            Assert.True(next > 0 || words[0].StartsWith('-'), $"{document}: {text}");
            string said = await HelpAsync(path);
            Assert.All(
                Options(words),
                option => Assert.True(Regex.IsMatch(said, $@"{option}\b"), $"{document}: {text}: {option}")
            );
        }

        async Task<string> HelpAsync(string path) =>
            help.TryGetValue(path, out string? said)
                ? said
                : help[path] = await ToolCommand.RunAsync(Repository.Root, $"symratchet{path} --help");
    }

    [Fact]
    public void Every_program_that_a_document_runs_knows_the_options_that_it_is_given()
    {
        var lines = Lines
            .Select(line => (line.Document, Run: Run().Match(line.Text)))
            .Where(line => line.Run.Success)
            .ToArray();
        Assert.True(lines.Length >= 15, "the commands are not where they were");
        foreach ((string document, Match run) in lines)
        {
            string project = Repository.PathOf(run.Groups[1].Value);
            Assert.True(Directory.Exists(project), $"{document}: {run.Value}");
            if (project.EndsWith("SymRatchet.Benchmarks", StringComparison.Ordinal))
                continue; // its options are those of BenchmarkDotNet
            string sources = string.Concat(
                Directory.EnumerateFiles(project, "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText)
            );
            Assert.All(
                Options(run.Groups[2].Value.Split(' ')).Where(option => option is not "--help" and not "--version"),
                option =>
                    Assert.True(
                        sources.Contains($"\"{option}\"", StringComparison.Ordinal),
                        $"{document}: {run.Value}: {option}"
                    )
            );
        }
    }

    [Fact]
    public async Task Every_filter_of_benchmarks_finds_some()
    {
        string[] filters =
        [
            .. Lines
                .Where(line => line.Text.Contains("benchmarks/SymRatchet.Benchmarks -- ", StringComparison.Ordinal))
                .SelectMany(line => Filters().Match(line.Text).Groups[1].Captures)
                .Select(filter => filter.Value.Trim('\''))
                .Distinct(),
        ];
        Assert.True(filters.Length >= 3, "the filters are not where they were");
        string benchmarks = Repository.PathOf(
            "benchmarks",
            "SymRatchet.Benchmarks",
            Binaries,
            "SymRatchet.Benchmarks.dll"
        );
        using TemporaryFolder folder = new();
        foreach (string filter in filters)
        {
            string found = await ProcessRun.GoodAsync(
                folder.Path,
                ProcessRun.Dotnet,
                benchmarks,
                "--list",
                "flat",
                "--filter",
                filter
            );
            Assert.True(
                found.Split('\n').Any(line => line.StartsWith("SymRatchet.", StringComparison.Ordinal)),
                $"{filter}: {found}"
            );
        }
    }

    [Fact]
    public void Every_filter_of_tests_finds_some()
    {
        var lines = Lines
            .Select(line => (line.Document, Test: Test().Match(line.Text)))
            .Where(line => line.Test.Success)
            .ToArray();
        Assert.True(lines.Length >= 3, "the filters are not where they were");
        string[] patches =
        [
            .. Directory.EnumerateFiles(Repository.PathOf("docs", "extending"), "*.diff").Select(File.ReadAllText),
        ];
        Assert.All(
            lines,
            line =>
            {
                (string project, string name) = (line.Test.Groups[1].Value, line.Test.Groups[2].Value);
                Assert.True(
                    Directory
                        .EnumerateFiles(Repository.PathOf(project), "*.cs", SearchOption.AllDirectories)
                        .Any(file =>
                            Path.GetFileName(file) == $"{name}.cs"
                            || File.ReadAllText(file).Contains($" {name}(", StringComparison.Ordinal)
                        )
                        || patches.Any(patch =>
                            patch.Contains($"b/{project}/", StringComparison.Ordinal)
                            && patch.Contains($"/{name}.cs", StringComparison.Ordinal)
                        ),
                    $"{line.Document}: {line.Test.Value}"
                );
            }
        );
    }

    // A line of prose may end within it.
    private static IEnumerable<string> InlineCode(Document document) =>
        Code()
            .Matches(string.Join(' ', document.Prose.Select(line => line.Trim())))
            .Select(match => match.Groups[1].Value);

    private static IEnumerable<string> Options(IEnumerable<string> words) =>
        words
            .Where(word => word.StartsWith("--", StringComparison.Ordinal) && word.Length > 2)
            .Select(word => word.Split('=')[0]);

    private static IEnumerable<string> CommandsIn(string help) =>
        help.Split('\n')
            .SkipWhile(line => line != "Commands:")
            .Skip(1)
            .TakeWhile(line => line.StartsWith("  ", StringComparison.Ordinal))
            .Select(line => line.Trim().Split(' ')[0]);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^(?:symratchet|dotnet run --project src/SymRatchet\.Tool --) (.+)")]
    private static partial Regex ToolLine();

    [GeneratedRegex(@"^dotnet run (?:-c Release )?--project ((?:benchmarks|samples|src)/\S+)(?: --(?: (.*))?)?$")]
    private static partial Regex Run();

    [GeneratedRegex(@"--filter(?: ('[^']+'))+")]
    private static partial Regex Filters();

    [GeneratedRegex(@"dotnet test (\S+) --filter ""?(?:FullyQualifiedName~)?(\w+)")]
    private static partial Regex Test();
}
