using System.Xml.Linq;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Architecture;

/// <summary>
/// The picture shows the library: every arrow in it is there, and what can be reached along its arrows is all that is
/// used, directly or through others. Arrows that others imply are left out, or nobody could read it.
/// </summary>
public sealed class PictureTests
{
    private static readonly XElement Picture = XElement.Load(Repository.PathOf("docs", "images", "layers.svg"));

    [Fact]
    public void The_layers_are_those_of_the_library() =>
        Assert.Equal(
            Layers
                .BottomUp.Concat(Projects().Select(project => project.Name))
                .Where(name => name != nameof(SymRatchet))
                .Order(StringComparer.Ordinal),
            Attributes("data-layer").Order(StringComparer.Ordinal)
        );

    [Fact]
    public void The_arrows_between_layers_are_those_of_the_assembly() =>
        AssertShows(Layers.Arrows(), Drawn(Layers.BottomUp.Contains));

    [Fact]
    public void The_arrows_between_packages_are_those_of_the_projects() =>
        AssertShows(
            [.. from project in Projects() from used in project.Uses select (project.Name, used)],
            Drawn(name => name.StartsWith(nameof(SymRatchet), StringComparison.Ordinal))
        );

    private static void AssertShows(HashSet<(string From, string To)> real, HashSet<(string From, string To)> drawn)
    {
        string expected = Lines(Reduction(real));
        Assert.True(expected == Lines(drawn), $"The picture must show\n{expected}\nand shows\n{Lines(drawn)}");
        Assert.True(Closure(real).SetEquals(Closure(drawn)));
    }

    private static string Lines(IEnumerable<(string From, string To)> arrows) =>
        string.Join('\n', arrows.Order().Select(arrow => $"{arrow.From} -> {arrow.To}"));

    private static HashSet<(string From, string To)> Closure(HashSet<(string From, string To)> arrows)
    {
        HashSet<(string From, string To)> reached = [.. arrows];
        while (true)
        {
            (string, string)[] further =
            [
                .. from first in reached
                from second in arrows
                where first.To == second.From
                select (first.From, second.To),
            ];
            int before = reached.Count;
            reached.UnionWith(further);
            if (reached.Count == before)
                return reached;
        }
    }

    private static IEnumerable<(string From, string To)> Reduction(HashSet<(string From, string To)> arrows)
    {
        HashSet<(string From, string To)> reachable = Closure(arrows);
        return arrows.Where(arrow =>
            !arrows.Any(first =>
                first.From == arrow.From && first.To != arrow.To && reachable.Contains((first.To, arrow.To))
            )
        );
    }

    private static HashSet<(string From, string To)> Drawn(Func<string, bool> isOfThisPart) =>
        [
            .. from line in Picture.Descendants()
            where line.Attribute("data-from") is not null
            let arrow = (From: line.Attribute("data-from")!.Value, To: line.Attribute("data-to")!.Value)
            where isOfThisPart(arrow.From)
            select arrow,
        ];

    private static IEnumerable<string> Attributes(string name) =>
        Picture.Descendants().Select(element => element.Attribute(name)?.Value).OfType<string>();

    private static IEnumerable<(string Name, string[] Uses)> Projects() =>
        from file in Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
        let uses = XElement
            .Load(file)
            .Descendants("ProjectReference")
            .Select(reference =>
                Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))
            )
        select (Path.GetFileNameWithoutExtension(file), uses.ToArray());
}
