using System.CommandLine;
using System.CommandLine.Parsing;

namespace SymRatchet.CommandLine;

/// <summary>
/// Runs a command line: one clear line for whatever goes wrong, and an exit code that says what it was.
/// </summary>
internal static class CommandLineHost
{
    /// <summary>Runs a parsed command line.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="configuration">How its action is run; its own handler of exceptions is switched off.</param>
    /// <param name="fail">Prints the one line.</param>
    /// <param name="explain">
    /// Returns the exit code and the line for an exception that the user can understand; null for any other.
    /// </param>
    /// <param name="cancellationToken">Interrupts the action.</param>
    /// <returns>The exit code.</returns>
    internal static async Task<int> RunAsync(
        ParseResult parsed,
        InvocationConfiguration configuration,
        Action<string> fail,
        Func<Exception, (int ExitCode, string Reason)?> explain,
        CancellationToken cancellationToken = default
    )
    {
        if (parsed.Errors is [ParseError first, ..])
        {
            // Where there is a choice, each value of it has a line of its own.
            fail($"{first.Message.ReplaceLineEndings(" ").Replace('\t', ' ')} (try --help)");
            return ExitCode.Usage;
        }

        configuration.EnableDefaultExceptionHandler = false;
#pragma warning disable CA1031 // a command ends with one line whatever happens
        try
        {
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            fail("interrupted");
            return ExitCode.Interrupted;
        }
        catch (Exception e)
        {
            (int exitCode, string reason) =
                explain(e) ?? (ExitCode.Failure, $"unexpected {e.GetType().Name}: {e.Message}");
            fail(reason);
            return exitCode;
        }
#pragma warning restore CA1031
    }
}
