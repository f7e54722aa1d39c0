using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;

namespace SymRatchet.Tool;

/// <summary>Where the tool writes: results to standard output, remarks and complaints to standard error.</summary>
internal sealed class ToolConsole(TextWriter output, TextWriter error)
{
    internal TextWriter Out => output;

    internal TextWriter Error => error;

    /// <summary>Whether standard output shows colors.</summary>
    internal bool HasColors { get; init; }

    /// <summary>Makes what a bar is drawn on, where somebody watches standard error; null where nobody does.</summary>
    internal Func<IAnsiConsole>? CreateTerminal { get; init; }

    /// <summary>Shows rows under a heading, each column as wide as its widest cell.</summary>
    internal void ShowTable(string[] heading, IReadOnlyList<string[]> rows)
    {
        int[] widths =
        [
            .. heading.Select(
                (name, column) => Math.Max(name.Length, rows.Select(row => row[column].Length).DefaultIfEmpty().Max())
            ),
        ];
        foreach (string[] row in rows.Prepend(heading))
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }

    internal void ShowJson<T>(T result, JsonTypeInfo<T> type) =>
        output.WriteLine(JsonSerializer.Serialize(result, type));

    internal void Remark(string text) => error.WriteLine(text);

    internal void Fail(string text) => error.WriteLine($"error: {text}");
}
