using System.Text.RegularExpressions;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Markdown;

/// <summary>One Markdown file of the repository.</summary>
internal sealed partial class Document
{
    private const string Fence = "```";

    private static readonly string[] Folders = ["docs", "src", "samples", "tests", "benchmarks"];

    private readonly List<CodeBlock> _blocks = [];
    private readonly List<string> _prose = [];

    internal Document(string path)
    {
        Path = path;
        string[] lines = File.ReadAllLines(Repository.PathOf(path));
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith(Fence, StringComparison.Ordinal))
            {
                _prose.Add(lines[i]);
                continue;
            }

            int end = Array.IndexOf(lines, Fence, i + 1);
            Assert.True(end > i, $"{path}:{i + 1}: the block has no end");
            _blocks.Add(new CodeBlock(i + 2, lines[i][Fence.Length..].Trim(), lines[(i + 1)..end]));
            i = end;
        }
    }

    /// <summary>Every document of the repository, by its path from the root.</summary>
    internal static IEnumerable<Document> All =>
        Directory
            .EnumerateFiles(Repository.Root, "*.md")
            .Concat(
                Folders.SelectMany(folder =>
                    Directory.EnumerateFiles(Repository.PathOf(folder), "*.md", SearchOption.AllDirectories)
                )
            )
            .Select(file => System.IO.Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'))
            .Where(path =>
                !path.Contains("/bin/", StringComparison.Ordinal) && !path.Contains("/obj/", StringComparison.Ordinal)
            )
            .Order(StringComparer.Ordinal)
            .Select(path => new Document(path));

    internal string Path { get; }

    internal IReadOnlyList<CodeBlock> Blocks => _blocks;

    /// <summary>The lines outside of blocks.</summary>
    internal IReadOnlyList<string> Prose => _prose;

    /// <summary>The lines of prose under a heading, with those of the headings below it.</summary>
    internal IEnumerable<string> Section(string heading)
    {
        string level = heading[..(heading.IndexOf(' ', StringComparison.Ordinal) + 1)];
        Assert.Contains(heading, _prose);
        return _prose
            .SkipWhile(line => line != heading)
            .Skip(1)
            .TakeWhile(line => !line.StartsWith('#') || line.StartsWith('#' + level, StringComparison.Ordinal));
    }

    /// <summary>The cells of the tables under a heading, row by row, without the heads of the columns.</summary>
    internal IEnumerable<string[]> Rows(string heading)
    {
        string[] lines = [.. Section(heading)];
        return lines
            .Where((line, i) => IsRow(line) && (i + 1 == lines.Length || !IsRule(lines[i + 1])))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1]);
    }

    /// <summary>The targets of all links to files and headings of the repository.</summary>
    internal IEnumerable<string> Links =>
        _prose
            .SelectMany(line => Link().Matches(line).Select(match => match.Groups[1].Value))
            .Where(target => !target.Contains("://", StringComparison.Ordinal));

    /// <summary>What the headings are called in a link.</summary>
    internal IEnumerable<string> Anchors =>
        _prose
            .Where(line => line.StartsWith('#'))
            .Select(line => NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    private static bool IsRow(string line) => line.StartsWith('|') && !IsRule(line);

    // What stands below the heads of the columns.
    private static bool IsRule(string line) => line.StartsWith("|-", StringComparison.Ordinal);

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
