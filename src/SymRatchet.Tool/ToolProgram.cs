using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using SymRatchet.Tool.Commands;

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
        // Not a RootCommand, which would call itself after the assembly.
        Command root = new(
            "symratchet",
            "Makes keys and credential files for SymRatchet, keeps its key stores, and carries other programs' "
                + "connections over channels. A secret is shown with --reveal only."
        )
        {
            new HelpOption(),
            new VersionOption(),
            KeygenCommand.Create(console),
            KeyCommand.Create(console),
            StoreCommand.Create(console),
            TunnelCommand.Create(),
        };

        // No response files: an argument that begins with @ may be an id that another party chose.
        ParseResult parsed = root.Parse(
            args is [] ? ["--help"] : args,
            new ParserConfiguration { ResponseFileTokenReplacer = null }
        );
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
