using Spectre.Console;

namespace SymRatchet.Samples;

/// <summary>
/// Standard output and error: coloured on a terminal, plain and never wrapped where a program reads.
/// </summary>
public static class Terminal
{
    public static IAnsiConsole Out { get; } = Create(Console.Out, Console.IsOutputRedirected);

    public static IAnsiConsole Error { get; } = Create(Console.Error, Console.IsErrorRedirected);

    /// <summary>Says in one line why the program fails.</summary>
    public static void Fail(string reason) => Error.MarkupLineInterpolated($"[red]error:[/] {OneLine(reason)}");

    // Words of a peer or a file may be in it: a control character must not move the cursor, nor begin a line of its
    // own.
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(writer),
                Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
                Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
            }
        );
        if (redirected)
            console.Profile.Width = 10_000;
        return console;
    }
}
