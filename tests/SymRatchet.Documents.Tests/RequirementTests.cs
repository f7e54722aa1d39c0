using System.Text.Json;
using System.Text.RegularExpressions;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>Each requirement of docs/protocol.md has a test that names it, and each name a requirement.</summary>
public sealed partial class RequirementTests
{
    private static readonly Document Protocol = new("docs/protocol.md");

    [Fact]
    public void Every_requirement_has_a_key_word_and_a_test_and_every_test_names_one_that_there_is()
    {
        Specification specification = new(Protocol.Prose);
        Assert.True(specification.Requirements.Count > 100);
        Assert.Empty(specification.Faults(Tested()));
    }

    [Theory]
    [InlineData("- **R2-1** It is done.", "R2-1 has no MUST, SHOULD or MAY")]
    [InlineData(
        "- **R2-2** It MUST be done.",
        "R2-2 is out of place in section 2",
        "R2-2 has no test",
        "a test names R2-1, which there is not"
    )]
    [InlineData(
        "- **R3-1** It MUST be done.",
        "R3-1 is out of place in section 2",
        "R3-1 has no test",
        "a test names R2-1, which there is not"
    )]
    [InlineData("- **R2-1** It MUST be done.\n- **R2-2** It\n  MAY be left.", "R2-2 has no test")]
    [InlineData(
        "It MUST be done.",
        "a key word outside of a requirement: It MUST be done.",
        "a test names R2-1, which there is not"
    )]
    [InlineData("- **R2-1** It MUST be done.\n\nThe rest explains.")]
    public void What_is_wrong_is_found(string section, params string[] faults)
    {
        IEnumerable<string> found = new Specification(["## 2. Conventions", .. section.Split('\n')]).Faults(
            new HashSet<string> { "R2-1" }
        );
        Assert.Equal(faults.Order(), found.Order());
    }

    [Fact]
    public void Every_field_of_the_vectors_is_described()
    {
        HashSet<string> described = [];
        foreach (string[] row in Protocol.Rows("## 10. What a peer must pin").Where(row => row.Length == 4))
        {
            string[] files = row[0] == "all" ? ["schedule", "handshake", "records"] : row[0].Split(", ");
            described.UnionWith(
                from file in files
                from field in Quoted().Matches(row[2])
                select $"{file} {row[1]} {field.Groups[1].Value}"
            );
        }

        HashSet<string> found = [];
        foreach (string file in new[] { "schedule", "handshake", "records" })
            Collect(
                JsonElement.Parse(File.ReadAllText(Repository.PathOf("docs", "vectors", $"v1-{file}.json"))),
                file,
                "file",
                found
            );
        Assert.Equal(found.Order(), described.Order());
    }

    // An object of a list is called by the list's name without its plural, a store by what it is.
    private static void Collect(JsonElement element, string file, string name, HashSet<string> found)
    {
        foreach (JsonProperty field in element.EnumerateObject())
        {
            found.Add($"{file} {name} {field.Name}");
            if (field.Value.ValueKind == JsonValueKind.Object)
                Collect(
                    field.Value,
                    file,
                    field.Name.Contains("_store_", StringComparison.Ordinal) ? "store" : field.Name,
                    found
                );
            if (field.Value.ValueKind != JsonValueKind.Array)
                continue;
            foreach (
                JsonElement item in field.Value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            )
                Collect(item, file, field.Name.Split('_')[^1][..^1], found);
        }
    }

    // In the sources, so that this project need not know the others. No blank line parts the attributes of a method.
    private static HashSet<string> Tested() =>
        [
            .. from file in Directory.EnumerateFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories)
            where !file.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")
            let text = File.ReadAllText(file)
            from named in Named().Matches(text)
            where IsTest().IsMatch(Around(text, named))
            from id in Id().Matches(named.Value)
            select id.Groups[1].Value,
        ];

    private static string Around(string text, Match attribute)
    {
        int start = text.LastIndexOf("\n\n", attribute.Index, StringComparison.Ordinal);
        int end = text.IndexOf(" public ", attribute.Index, StringComparison.Ordinal);
        return end < 0 ? "" : text[Math.Max(start, 0)..end];
    }

    [GeneratedRegex(@"\[(Skippable)?(Fact|Theory)\b|\[Property\b")]
    private static partial Regex IsTest();

    [GeneratedRegex(@"\[Requirement\([^)]*\)\]")]
    private static partial Regex Named();

    [GeneratedRegex("\"(R[^\"]+)\"")]
    private static partial Regex Id();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
