namespace SymRatchet.Tests.Architecture;

/// <summary>A type uses its own layer and those below.</summary>
public sealed class LayerTests
{
    [Fact]
    public void Every_type_has_a_file_of_its_name_in_a_known_layer_or_at_the_root() =>
        Assert.Empty(Layers.Types().Where(type => !Layers.IsPublic(type) && Layers.LayerOf(type) < 0).Select(type => type.FullName));

    /// <summary>A reader of the package finds all of it in one folder, and nothing else but what its types say themselves with.</summary>
    [Fact]
    public void The_public_types_stand_at_the_root()
    {
        Assert.Empty(Layers.Types().Where(type => type.IsPublic && !Layers.IsPublic(type)).Select(type => type.FullName));
        Assert.Equal(["KeyText"], Layers.Types().Where(type => !type.IsPublic && Layers.IsPublic(type)).Select(type => type.Name));
    }

    [Fact]
    public void No_layer_uses_one_above_it()
    {
        var upward = from use in Layers.Uses()
                     where use.To > use.From
                     select use.Path;
        Assert.False(upward.Any(), string.Join(Environment.NewLine, upward));
    }

    [Fact]
    public void Only_those_who_choose_the_protocol_know_the_seed()
    {
        int seed = Array.IndexOf(Layers.BottomUp, "Seed");
        var knowing = from type in Layers.Types()
                      where Layers.LayerOf(type) != seed && Layers.Uses(type).Any(used => Layers.LayerOf(used) == seed)
                      select type.Name;
        Assert.Equal([nameof(PreSharedKey), nameof(SecureChannel)], knowing.Order(StringComparer.Ordinal));
    }
}
