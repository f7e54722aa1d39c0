using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Documents;

/// <summary>Every C# example of the documents stands, line by line, in a sample or a test, where it is compiled and run.</summary>
public sealed class DocumentExampleTests
{
    private static readonly Lazy<string[]> Sources = new(() =>
        [.. new[] { "samples", "tests" }.SelectMany(room => Directory.EnumerateFiles(Repository.PathOf(room), "*.cs", SearchOption.AllDirectories))
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"))
            .Select(path => Joined(File.ReadLines(path)))]);

    public static TheoryData<string> Documents => [.. Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Examples_are_compiled_code(string document)
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", document));
        foreach (string[] example in Examples(lines))
        {
            string code = Joined(example);
            Assert.True(Sources.Value.Any(source => source.Contains(code, StringComparison.Ordinal)), $"{document}: this is in no sample and no test:\n{string.Join('\n', example)}");
        }
    }

    private static IEnumerable<string[]> Examples(string[] lines)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i] == "```csharp")
                yield return [.. lines.Skip(i + 1).TakeWhile(line => line != "```")];
        }
    }

    // Indentation and empty lines are the document's own.
    private static string Joined(IEnumerable<string> lines) => string.Join('\n', lines.Select(line => line.Trim()).Where(line => line.Length > 0));
}
