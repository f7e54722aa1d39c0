using System.CommandLine;
using System.CommandLine.Parsing;

namespace SymRatchet.Samples;

/// <summary>
/// Runs a sample's command line: a clear line for whatever goes wrong, and an exit code that tells what.
/// </summary>
public static class SampleProgram
{
    /// <summary>Runs the command.</summary>
    /// <param name="command">The command with its action.</param>
    /// <param name="args">The command line.</param>
    /// <param name="ownSignals">
    /// Whether the action handles SIGINT and SIGTERM itself; otherwise they cancel its token.
    /// </param>
    public static async Task<int> RunAsync(RootCommand command, string[] args, bool ownSignals = false)
    {
        ParseResult parsed = command.Parse(args);
        if (parsed.Errors is [ParseError first, ..])
        {
            Terminal.Fail($"{first.Message} (try --help)");
            return ExitCode.Usage;
        }

        InvocationConfiguration configuration = new() { EnableDefaultExceptionHandler = false };
        if (ownSignals)
            configuration.ProcessTerminationTimeout = null;

#pragma warning disable CA1031 // a sample ends with one line whatever happens
        try
        {
            return await parsed.InvokeAsync(configuration);
        }
        catch (OperationCanceledException)
        {
            Terminal.Fail("interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception e)
            when (e is SampleException or SecureChannelException or IOException or UnauthorizedAccessException)
        {
            Terminal.Fail(e.Message);
            return ExitCode.Failure;
        }
        catch (Exception e)
        {
            Terminal.Fail($"unexpected {e.GetType().Name}: {e.Message}");
            return ExitCode.Failure;
        }
#pragma warning restore CA1031
    }
}
