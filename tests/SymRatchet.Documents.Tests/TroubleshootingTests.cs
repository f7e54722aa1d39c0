using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>The guide by error leaves none out and invents none.</summary>
public sealed partial class TroubleshootingTests
{
    private static readonly Document Guide = new("docs/troubleshooting.md");

    [Fact]
    public void Every_error_of_a_channel_has_a_section() =>
        Assert.Equal(
            Enum.GetNames<SecureChannelError>().Order(StringComparer.Ordinal),
            Guide
                .Prose.Where(line => line.StartsWith("### ", StringComparison.Ordinal))
                .Select(line => line[4..])
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Every_exit_code_of_the_tool_is_in_its_table()
    {
        string source = File.ReadAllText(Repository.PathOf("src", "CommandLine.Shared", "ExitCode.cs"));
        Assert.Equal(
            ExitCode().Matches(source).Select(match => match.Groups[1].Value),
            Guide.Rows("## Exit codes of the tool").Select(cells => cells[0])
        );
    }

    [Fact]
    public void Every_exception_of_a_key_store_is_in_its_table_and_every_row_is_an_exception()
    {
        string[] documented =
        [
            .. Guide
                .Rows("## Exceptions of a key store")
                .Select(cells => cells[0].Replace("{...}", "*", StringComparison.Ordinal)),
        ];
        string[] thrown = [.. StoreSources().SelectMany(Messages)];
        Assert.True(thrown.Length >= 20, "the messages are not where they were");
        Assert.DoesNotContain(
            thrown,
            message => !documented.Any(row => message.StartsWith(row, StringComparison.Ordinal))
        );
        Assert.DoesNotContain(
            documented,
            row => !thrown.Any(message => message.StartsWith(row, StringComparison.Ordinal))
        );
    }

    // What is written between braces in the source becomes a star, as {...} of the document does.
    private static IEnumerable<string> Messages(string source) =>
        Exception()
            .Matches(source)
            .Concat(SqliteMeaning().Matches(source))
            .Select(match => Interpolation().Replace(match.Groups[1].Value, "*"))
            // a head that one of the meanings of SQLite's codes follows
            .Where(message => message != "failed." && !message.EndsWith(' '));

    private static IEnumerable<string> StoreSources() =>
        Directory
            .EnumerateDirectories(Repository.PathOf("src"), "*KeyStores*")
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Concat(
                Directory.EnumerateFiles(
                    Repository.PathOf("src", "SymRatchet"),
                    "KeyFile*.cs",
                    SearchOption.AllDirectories
                )
            )
            .Where(file =>
                !file.Contains(
                    $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                    StringComparison.Ordinal
                )
            )
            .Select(ReadSource)
            .Append(RulesOfAllStores());

    // Beside these exceptions the rules throw others, of which another table tells.
    private static string RulesOfAllStores() =>
        ReadSource(Repository.PathOf("src", "SymRatchet", "Keys", "KeyStoreRules.cs"))
            .Replace("new(", "", StringComparison.Ordinal);

    // A long message is put together from parts.
    private static string ReadSource(string path) => BetweenParts().Replace(File.ReadAllText(path), "");

    [GeneratedRegex(@"(?:KeyStoreException|new)\(\s*\$""((?:\{[^}]*\}|[^""\\]|\\.)*)""")]
    private static partial Regex Exception();

    [GeneratedRegex(@"""\s*\+ \$?""")]
    private static partial Regex BetweenParts();

    [GeneratedRegex(@"=>\s+""((?:is|cannot|failed)[^""]*)""")]
    private static partial Regex SqliteMeaning();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Interpolation();

    [GeneratedRegex(@"const int \w+ = (\d+);")]
    private static partial Regex ExitCode();
}
