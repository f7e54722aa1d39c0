using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;

namespace SymRatchet.Tool.Completion;

/// <summary>
/// The directive <c>[suggest:POSITION]</c>, by which a shell asks how a command line could go on. System.CommandLine
/// has it for root commands only; <c>dotnet-suggest</c> asks in the same way.
/// </summary>
internal static class Suggestions
{
    private const string Start = "[suggest";

    /// <summary>Answers a command line that asks for suggestions.</summary>
    /// <returns>False if it does not.</returns>
    internal static bool TryAnswer(Command root, string[] args, ToolConsole console)
    {
        if (args is not [var directive, var line] || !directive.StartsWith(Start, StringComparison.Ordinal))
            return false;
        int position =
            directive.Length > Start.Length
            && int.TryParse(
                directive.AsSpan(Start.Length + 1).TrimEnd(']'),
                NumberStyles.None,
                CultureInfo.InvariantCulture,
                out int given
            )
                ? Math.Min(given, line.Length)
                : line.Length;
        foreach (CompletionItem item in root.Parse(line).GetCompletions(position))
        {
            // Help has names for another system's shell.
            if (item.Label is not ['/', ..])
                console.Out.WriteLine(item.InsertText ?? item.Label);
        }

        return true;
    }
}
