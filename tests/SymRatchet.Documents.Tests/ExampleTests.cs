using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// Every piece of C# in every document stands, line for line, in a file that is compiled; most of those files are tests
/// and run. Where a document shows a change as a diff, what was there before and what comes of it both do. Whole
/// programs are the business of <see cref="ProgramTests"/>.
/// </summary>
public sealed class ExampleTests
{
    private static readonly Lazy<string[][]> CompiledFiles = new(() =>
        [
            .. new[] { "tests", "samples" }
                .SelectMany(folder =>
                    Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
                )
                .Where(file =>
                    !file.Contains(
                        $"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}",
                        StringComparison.Ordinal
                    )
                )
                .Select(file => File.ReadAllLines(file).Select(line => line.Trim()).ToArray()),
        ]
    );

    public static TheoryData<string> WithExamples =>
        [.. Document.All.Where(document => document.Blocks.Any(IsExample)).Select(document => document.Path)];

    [Theory]
    [MemberData(nameof(WithExamples))]
    public void Every_piece_of_code_stands_in_a_compiled_file(string path)
    {
        var missing =
            from block in new Document(path).Blocks
            where IsExample(block)
            from lines in Sides(block)
            where !CompiledFiles.Value.Any(file => Contains(file, [.. lines.Select(line => line.Trim())]))
            select $"{path}:{block.FirstLine}: no compiled file has\n{string.Join('\n', lines)}";
        Assert.Empty(missing);
    }

    private static bool IsExample(CodeBlock block) =>
        block.Language is "diff" || (block.Language is "csharp" && !block.IsProgram);

    private static IEnumerable<IReadOnlyList<string>> Sides(CodeBlock block) =>
        block.Language == "diff" ? [block.SideOfDiff(without: '+'), block.SideOfDiff(without: '-')] : [block.Lines];

    private static bool Contains(string[] file, string[] lines)
    {
        for (int start = 0; start <= file.Length - lines.Length; start++)
        {
            if (file.AsSpan(start, lines.Length).SequenceEqual(lines))
                return true;
        }

        return false;
    }
}
