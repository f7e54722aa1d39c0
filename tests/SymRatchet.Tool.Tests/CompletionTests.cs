using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary>What shells are told of how a command line could go on, and the scripts by which they ask.</summary>
public sealed class CompletionTests
{
    // Stubs stand for what a shell sets and calls while somebody types.
    private const string InBash = """
        eval "$(symratchet completion bash)"
        COMP_LINE='symratchet key ad' COMP_POINT=17 COMP_WORDS=(symratchet key ad) COMP_CWORD=2
        _symratchet
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    private const string InZsh = """
        compdef() { }
        _files() { print files }
        compadd() { [[ $1 == -a ]] && print -l ${(P)2} }
        eval "$(symratchet completion zsh)"
        words=(symratchet key ad) CURRENT=3
        _symratchet
        words=(symratchet doctor --key '') CURRENT=4
        _symratchet
        """;

    private const string InFish = """
        symratchet completion fish | source
        complete -C 'symratchet key ad'
        """;

    [Theory]
    [InlineData("symratchet st", "store")]
    [InlineData("symratchet key ad", "add")]
    [InlineData("symratchet key add --evol", "--evolution")]
    [InlineData("symratchet key add --evolution ", "Forward None")]
    [InlineData("symratchet key add --suite ", "Aegis256 Aes256Gcm ChaCha20Poly1305")]
    [InlineData("symratchet bench --test ", "Download Simultaneous Upload")]
    [InlineData("symratchet doctor --key ", "")]
    [InlineData("symratchet completion z", "zsh")]
    public async Task A_command_line_is_gone_on_with(string line, string expected) =>
        Assert.Equal(expected, await SuggestAsync($"[suggest:{line.Length}]", line));

    [Fact]
    public async Task Every_command_is_suggested_and_a_position_within_the_line_counts()
    {
        string commands = await SuggestAsync("[suggest]", "symratchet ");
        Assert.All(
            ["keygen", "key", "store", "connect", "ping", "bench", "doctor", "completion", "--help", "--version"],
            command => Assert.Contains(command, commands.Split(' '))
        );
        Assert.DoesNotContain('/', commands);
        Assert.Equal("store", await SuggestAsync("[suggest:13]", "symratchet st init --store x"));
        Assert.Equal("store", await SuggestAsync("[suggest:99]", "symratchet st"));
    }

    [SkippableTheory]
    [InlineData("bash", InBash, "add")]
    [InlineData("zsh", InZsh, "add\nfiles")]
    [InlineData("fish", InFish, "add")]
    public async Task The_script_of_a_shell_runs_in_it(string shell, string lines, string expected)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Select(folder => Path.Combine(folder, shell))
            .FirstOrDefault(File.Exists);
        Skip.If(path is null, $"{shell} is not installed. On Debian, 'apt-get install {shell}' is all it takes.");
        string tool =
            shell == "fish"
                ? $"function symratchet; '{ToolProcess.Dotnet}' '{ToolProcess.Program}' $argv; end"
                : $"symratchet() {{ '{ToolProcess.Dotnet}' '{ToolProcess.Program}' \"$@\"; }}";
        using var process = ToolProcess.StartProgram(path!, "-c", $"{tool}\n{lines}");
        ToolRun run = await process.RunAsync();
        Assert.Equal((0, expected, ""), (run.ExitCode, run.Output.TrimEnd(), run.Error));
    }

    [Fact]
    public async Task A_shell_that_there_is_no_script_for_is_an_error_of_usage() =>
        await ToolRun.BadAsync(2, "'tcsh'", "completion", "tcsh");

    private static async Task<string> SuggestAsync(string directive, string line) =>
        string.Join(' ', (await ToolRun.GoodAsync(directive, line)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
}
