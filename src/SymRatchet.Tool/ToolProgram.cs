using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using SymRatchet.Tool.Commands;

namespace SymRatchet.Tool;

/// <summary>
/// Runs a command line: results on standard output, one clear line on standard error for whatever goes wrong, and
/// an exit code that tells what.
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
            "Makes keys and credential files for SymRatchet, and keeps its key stores. A secret is shown with "
                + "--reveal only."
        )
        {
            new HelpOption(),
            new VersionOption(),
            KeygenCommand.Create(console),
            KeyCommand.Create(console),
            StoreCommand.Create(console),
        };

        // No response files: an argument that begins with @ may be an id that somebody else chose.
        ParseResult parsed = root.Parse(
            args is [] ? ["--help"] : args,
            new ParserConfiguration { ResponseFileTokenReplacer = null }
        );
        if (parsed.Errors is [ParseError first, ..])
        {
            console.Fail($"{first.Message} (try --help)");
            return ExitCode.Usage;
        }

#pragma warning disable CA1031 // a tool ends with one line whatever happens
        try
        {
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    Output = console.Out,
                    Error = console.Error,
                },
                cancellationToken
            );
        }
        catch (OperationCanceledException)
        {
            console.Fail("interrupted");
            return ExitCode.Interrupted;
        }
        catch (ToolException e)
        {
            console.Fail(e.Message);
            return e.ExitCode;
        }
        catch (KeyNotFoundException e)
        {
            console.Fail(e.Message);
            return ExitCode.NotFound;
        }
        catch (ArgumentException e)
        {
            console.Fail(
                e.ParamName is { } parameter
                    ? e.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal)
                    : e.Message
            );
            return ExitCode.Failure;
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or FormatException or InvalidOperationException)
        {
            console.Fail(e.Message);
            return ExitCode.Failure;
        }
        catch (Exception e)
        {
            console.Fail($"unexpected {e.GetType().Name}: {e.Message}");
            return ExitCode.Failure;
        }
#pragma warning restore CA1031
    }
}
