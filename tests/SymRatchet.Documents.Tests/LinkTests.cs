using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests;

/// <summary>The documents lead to one another.</summary>
public sealed class LinkTests
{
    private const string Index = "docs/README.md";

    public static TheoryData<string> WithLinks =>
        [.. Document.All.Where(document => document.Links.Any()).Select(document => document.Path)];

    [Theory]
    [MemberData(nameof(WithLinks))]
    public void Every_link_leads_somewhere(string path)
    {
        Document document = new(path);
        Assert.DoesNotContain(document.Links, link => !Leads(document, link));
    }

    [Fact]
    public void The_index_names_every_document_of_its_folder()
    {
        string[] linked = [.. new Document(Index).Links];
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Select(Path.GetFileName),
            name => name != "README.md" && !linked.Contains(name)
        );
    }

    private static bool Leads(Document from, string link)
    {
        string[] parts = link.Split('#');
        string target =
            parts[0].Length == 0
                ? Repository.PathOf(from.Path)
                : Path.Combine(Repository.Root, Path.GetDirectoryName(from.Path)!, parts[0]);
        if (!Path.Exists(target))
            return false;
        return parts.Length == 1
            || new Document(Path.GetRelativePath(Repository.Root, target)).Anchors.Contains(parts[1]);
    }
}
