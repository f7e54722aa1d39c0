using System.Text.RegularExpressions;

namespace SymRatchet.Documents.Tests.Markdown;

/// <summary>One fenced block of a document.</summary>
internal sealed partial record CodeBlock(int FirstLine, string Language, IReadOnlyList<string> Lines)
{
    /// <summary>Whether it is a program from its first line on, and no piece of one.</summary>
    internal bool IsProgram => Language == "csharp" && UsingDirective().IsMatch(Lines[0]);

    internal string Text => string.Join('\n', Lines);

    /// <summary>The lines without what a diff takes out, or without what it brings.</summary>
    /// <param name="without">The mark of the lines to leave out, + or -.</param>
    internal IReadOnlyList<string> SideOfDiff(char without) =>
        [
            .. Lines
                .Where(line => line.Length == 0 || line[0] != without)
                .Select(line => line.Length == 0 ? line : line[1..]),
        ];

    [GeneratedRegex(@"^using [\w.]+;$")]
    private static partial Regex UsingDirective();
}
