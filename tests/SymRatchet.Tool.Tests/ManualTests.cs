using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using SymRatchet.TestKit;

namespace SymRatchet.Tool.Tests;

/// <summary>The manual page says what there is: each command, each option of it, and nothing else.</summary>
public sealed partial class ManualTests
{
    private static readonly string Path = Repository.PathOf("docs", "man", "symratchet.1");
    private static readonly string Page = File.ReadAllText(Path);

    private static readonly Dictionary<string, Command> Commands = Leaves(
            ToolProgram.CreateRoot(new ToolConsole(TextWriter.Null, TextWriter.Null)),
            ""
        )
        .Where(leaf => !leaf.Name.StartsWith("tunnel ", StringComparison.Ordinal)) // has a page of its own
        .ToDictionary(leaf => leaf.Name, leaf => leaf.Command);

    private static readonly Dictionary<string, string> Sections = Section()
        .Matches(Page)
        .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);

    private static readonly string[] OfStore = TagsIn(Sections["OPTIONS OF A STORE"]);
    private static readonly string[] OfClient = TagsIn(Sections["OPTIONS OF A CLIENT"]);

    [Fact]
    public void Each_command_has_its_section_and_there_is_no_other() =>
        Assert.Equal(
            Commands.Keys.Order(StringComparer.Ordinal),
            SubSection().Matches(Page).Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Each_option_of_a_command_stands_in_its_section_or_in_the_one_that_it_refers_to() =>
        Assert.All(
            Commands,
            command =>
            {
                string section = Sections[command.Key];
                List<string> described = [.. TagsIn(section)];
                bool takesStore = Word(section, "STORE");
                if (takesStore)
                    described.AddRange(OfStore);
                if (Word(section, "CLIENT"))
                    described.AddRange(OfClient);
                if (command.Key == "bench")
                    Assert.True(described.Remove("--role"), "as the page says");
                Assert.Equal(
                    command.Value.Options.Select(option => option.Name).Order(StringComparer.Ordinal),
                    described.Order(StringComparer.Ordinal)
                );
            }
        );

    [Fact]
    public void It_names_no_option_that_there_is_not()
    {
        HashSet<string> known =
        [
            "--help",
            "--version",
            .. Commands.Values.SelectMany(command => command.Options).Select(option => option.Name),
        ];
        Assert.All(OptionsIn(Page), option => Assert.Contains(option, known));
    }

    [Fact]
    public void Every_exit_code_and_every_value_of_a_choice_stands_in_it()
    {
        string codes = Sections["EXIT STATUS"];
        Assert.All([0, 1, 2, 3, 4, 130], code => Assert.Contains($"\n.B {code}\n", codes, StringComparison.Ordinal));
        IEnumerable<string> values = Commands
            .Values.SelectMany(command => command.Options)
            .Select(option => option.ValueType)
            .Select(type => type.GetElementType() ?? Nullable.GetUnderlyingType(type) ?? type)
            .Where(type => type.IsEnum)
            .Distinct()
            .SelectMany(Enum.GetNames)
            .Where(name => name != nameof(CipherSuiteId.None));
        Assert.All(values, value => Assert.True(Word(Page, value), value));
    }

    [SkippableFact]
    public async Task Man_shows_it_without_a_warning()
    {
        Skip.IfNot(
            File.Exists("/usr/bin/man"),
            "man is not installed. On Debian, 'apt-get install man-db' is all it takes."
        );
        ProcessStartInfo start = new("/usr/bin/man", ["--warnings", "-E", "UTF-8", "-l", "-Tutf8", Path])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        start.Environment["MANWIDTH"] = "80";
        using Process man = Process.Start(start)!;
        Task<string> error = man.StandardError.ReadToEndAsync();
        string shown = await man.StandardOutput.ReadToEndAsync();
        await man.WaitForExitAsync();
        Assert.Equal((0, ""), (man.ExitCode, await error));
        Assert.True(shown.Length > 5000);
    }

    private static IEnumerable<(string Name, Command Command)> Leaves(Command command, string path) =>
        command.Subcommands.Count == 0
            ? [(path, command)]
            : command.Subcommands.SelectMany(sub => Leaves(sub, path.Length == 0 ? sub.Name : $"{path} {sub.Name}"));

    private static string[] TagsIn(string section) =>
        [.. Tag().Matches(section).SelectMany(match => OptionsIn(match.Groups[1].Value))];

    private static IEnumerable<string> OptionsIn(string text) =>
        Option().Matches(text).Select(match => match.Value.Replace("\\", "", StringComparison.Ordinal));

    private static bool Word(string text, string word) => Regex.IsMatch(text, $@"\b{word}\b");

    [GeneratedRegex(@"^\.S[HS] (.+)\n((?:(?!\.S[HS]).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^\.SS (.+)$", RegexOptions.Multiline)]
    private static partial Regex SubSection();

    [GeneratedRegex(@"^\.T[PQ]\n(.+)$", RegexOptions.Multiline)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\\-\\-[a-z]+(?:\\-[a-z]+)*")]
    private static partial Regex Option();
}
