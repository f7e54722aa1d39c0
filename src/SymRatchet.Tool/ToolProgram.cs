using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using SymRatchet.Tool.Commands;
using SymRatchet.Tool.Completion;

namespace SymRatchet.Tool;

/// <summary>
/// Runs a command line: results on standard output, one clear line on standard error for whatever goes wrong, and
/// an exit code that says what it was.
/// </summary>
internal static class ToolProgram
{
    internal static async Task<int> RunAsync(
        string[] args,
        ToolConsole console,
        CancellationToken cancellationToken = default
    )
    {
        Command root = CreateRoot(console);
        if (Suggestions.TryAnswer(root, args, console))
            return ExitCode.Success;

        // No response files: an argument that begins with @ may be an id that another party chose.
        ParseResult parsed = root.Parse(
            args is [] ? ["--help"] : args,
            new ParserConfiguration { ResponseFileTokenReplacer = null }
        );
        foreach (Command sub in parsed.CommandResult.Command.Subcommands)
            sub.Description = FirstSentence(sub.Description ?? "");
        return await CommandLineHost.RunAsync(
            parsed,
            new InvocationConfiguration
            {
                Output = console.Out,
                Error = console.Error,
                // A tunnel has its own handlers of signals, which wait for its connections.
                ProcessTerminationTimeout = IsTunnel(parsed) ? null : DefaultTermination,
            },
            console.Fail,
            Explain,
            cancellationToken
        );
    }

    /// <summary>The command line as a whole.</summary>
    internal static Command CreateRoot(ToolConsole console) =>
        // Not a RootCommand, which would call itself after the assembly.
        new(
            "symratchet",
            "Makes keys and credential files for SymRatchet, keeps its key stores, carries other programs' connections "
                + "over channels, and connects, measures and diagnoses. A secret is shown with --reveal only."
        )
        {
            new HelpOption(),
            new VersionOption(),
            KeygenCommand.Create(console),
            KeyCommand.Create(console),
            StoreCommand.Create(console),
            TunnelCommand.Create(),
            ConnectCommand.Create(),
            PingCommand.Create(console),
            BenchCommand.Create(console),
            DoctorCommand.Create(console),
            CompletionCommand.Create(console),
        };

    // A list of commands has one sentence for each; the help of a command says it all, with examples.
    private static string FirstSentence(string description)
    {
        string text = description.ReplaceLineEndings(" ");
        int end = text.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? text : text[..(end + 1)];
    }

    private static TimeSpan? DefaultTermination { get; } = new InvocationConfiguration().ProcessTerminationTimeout;

    private static bool IsTunnel(ParseResult parsed) =>
        parsed.CommandResult.Command.Name == TunnelCommand.Name
        || parsed.CommandResult.Parent is CommandResult { Command.Name: TunnelCommand.Name };

    private static (int ExitCode, string Reason)? Explain(Exception e) =>
        e switch
        {
            ToolException tool => (tool.ExitCode, e.Message),
            KeyNotFoundException => (ExitCode.NotFound, e.Message),
            ArgumentException { ParamName: { } parameter } => (
                ExitCode.Failure,
                e.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal)
            ),
            ArgumentException or IOException or UnauthorizedAccessException => (ExitCode.Failure, e.Message),
            FormatException or InvalidOperationException => (ExitCode.Failure, e.Message),
            _ => null,
        };
}
