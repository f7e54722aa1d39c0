using System.Text.RegularExpressions;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Architecture;

/// <summary>A type uses its own layer and those below.</summary>
public sealed partial class LayerTests
{
    [Fact]
    public void Every_type_has_a_file_of_its_name_in_a_known_layer_or_at_the_root() =>
        Assert.Empty(
            Layers
                .Types()
                .Where(type => !Layers.IsPublic(type) && Layers.LayerOf(type) < 0)
                .Select(type => type.FullName)
        );

    /// <summary>
    /// A reader of the package finds all of it in one folder, and nothing else but what its types say themselves with.
    /// </summary>
    [Fact]
    public void The_public_types_stand_at_the_root()
    {
        Assert.Empty(
            Layers.Types().Where(type => type.IsPublic && !Layers.IsPublic(type)).Select(type => type.FullName)
        );
        Assert.Equal(
            ["KeyText"],
            Layers.Types().Where(type => !type.IsPublic && Layers.IsPublic(type)).Select(type => type.Name)
        );
    }

    [Fact]
    public void No_layer_uses_one_above_it()
    {
        var upward = from use in Layers.Uses() where use.To > use.From select use.Path;
        Assert.False(upward.Any(), string.Join(Environment.NewLine, upward));
    }

    /// <summary>
    /// What must name it: the choice of a protocol, its entry, the shape of its keys, and how such a key is made.
    /// </summary>
    [Fact]
    public void Nothing_else_asks_whether_a_key_or_a_channel_is_of_the_seed()
    {
        string source = Repository.PathOf("src");
        var asking =
            from file in Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            let path = Path.GetRelativePath(source, file).Replace('\\', '/')
            where
                !path.Contains("/obj/", StringComparison.Ordinal)
                && !path.StartsWith("SymRatchet/Seed/", StringComparison.Ordinal)
            let code = File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("///", StringComparison.Ordinal))
            let times = code.Count(line => Seed().IsMatch(line))
            where times > 0
            select (path, times);
        Assert.Equal(
            [
                ("SymRatchet/Channel/ProtocolEntry.cs", 5),
                ("SymRatchet/ChannelProtocol.cs", 1),
                ("SymRatchet/PreSharedKey.cs", 6),
                ("SymRatchet/Session/KeyShape.cs", 2),
            ],
            asking.Order()
        );
    }

    [GeneratedRegex("Seed")]
    private static partial Regex Seed();

    [Fact]
    public void Only_those_who_choose_the_protocol_know_the_seed()
    {
        int seed = Array.IndexOf(Layers.BottomUp, "Seed");
        var knowing =
            from type in Layers.Types()
            where Layers.LayerOf(type) != seed && Layers.Uses(type).Any(used => Layers.LayerOf(used) == seed)
            select type.Name;
        Assert.Equal([nameof(PreSharedKey), nameof(ProtocolEntry)], knowing.Order(StringComparer.Ordinal));
    }
}
