using System.CommandLine;
using SymRatchet.CommandLine;

namespace SymRatchet.Samples;

/// <summary>
/// Runs a sample's command line: a clear line for whatever goes wrong, and an exit code that says what it was.
/// </summary>
public static class SampleProgram
{
    /// <summary>Runs the command.</summary>
    /// <param name="command">The command with its action.</param>
    /// <param name="args">The command line.</param>
    /// <param name="ownSignals">
    /// Whether the action handles SIGINT and SIGTERM itself; otherwise they cancel its token.
    /// </param>
    public static Task<int> RunAsync(RootCommand command, string[] args, bool ownSignals = false)
    {
        InvocationConfiguration configuration = new();
        if (ownSignals)
            configuration.ProcessTerminationTimeout = null;
        return CommandLineHost.RunAsync(command.Parse(args), configuration, Terminal.Fail, Explain);
    }

    private static (int ExitCode, string Reason)? Explain(Exception e) =>
        e is SampleException or SecureChannelException or IOException or UnauthorizedAccessException
            ? (ExitCode.Failure, e.Message)
            : null;
}
