using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using SymRatchet.TestKit;

namespace SymRatchet.Tool.Tests;

/// <summary>The manual page of tunnels names each option, and no other.</summary>
public sealed partial class TunnelManualTests
{
    private static readonly string Path = Repository.PathOf("docs", "man", "symratchet-tunnel.1");
    private static readonly string Page = File.ReadAllText(Path);

    private static readonly string[] Names = ["tunnel", "tunnel server", "tunnel client"];

    public static TheoryData<string> Commands => [.. Names];

    [Theory]
    [MemberData(nameof(Commands))]
    public void Each_option_of_a_command_stands_in_its_section_and_no_other(string name)
    {
        string section = Section().Matches(Page).Single(match => match.Groups[1].Value == name).Groups[2].Value;
        Assert.Equal(
            Find(name).Options.Select(option => option.Name).Order(StringComparer.Ordinal),
            Tag()
                .Matches(section)
                .Select(match => Unescape(Option().Match(match.Groups[1].Value).Value))
                .Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void It_names_no_option_that_there_is_not()
    {
        HashSet<string> known =
        [
            .. Names.SelectMany(name => Find(name).Options).Select(option => option.Name),
            .. Find("key add").Options.Select(option => option.Name),
        ];
        Assert.All(Option().Matches(Page), match => Assert.Contains(Unescape(match.Value), known));
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
        Assert.True(shown.Length > 3000);
    }

    private static Command Find(string name)
    {
        Command command = ToolProgram.CreateRoot(new ToolConsole(TextWriter.Null, TextWriter.Null));
        foreach (string part in name.Split(' '))
            command = command.Subcommands.Single(sub => sub.Name == part);
        return command;
    }

    private static string Unescape(string text) => text.Replace("\\", "", StringComparison.Ordinal);

    [GeneratedRegex(@"^\.S[HS] (.+)\n((?:(?!\.S[HS]).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"^\.TP\n(.+)$", RegexOptions.Multiline)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\\-\\-[a-z]+(?:\\-[a-z]+)*")]
    private static partial Regex Option();
}
