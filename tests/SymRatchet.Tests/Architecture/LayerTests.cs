namespace SymRatchet.Tests.Architecture;

/// <summary>A type may use its own room and those below.</summary>
public sealed class LayerTests
{
    [Fact]
    public void Every_type_has_a_file_of_its_name_in_a_known_room() =>
        Assert.Empty(Rooms.Types().Where(type => Rooms.RoomOf(type) < 0).Select(type => type.FullName));

    [Fact]
    public void No_arrow_runs_up()
    {
        var upward = from type in Rooms.Types()
                     from used in Rooms.Uses(type).Distinct()
                     where used != type && Rooms.RoomOf(used) > Rooms.RoomOf(type)
                     select $"{Rooms.FromTheGround[Rooms.RoomOf(type)]}/{type.Name} uses {Rooms.FromTheGround[Rooms.RoomOf(used)]}/{used.Name}";
        Assert.Empty(upward);
    }

    [Fact]
    public void Only_the_channel_that_chooses_the_protocol_knows_the_seed()
    {
        int seed = Array.IndexOf(Rooms.FromTheGround, "Session/Seed");
        var knowing = from type in Rooms.Types()
                      where Rooms.RoomOf(type) != seed && Rooms.Uses(type).Any(used => Rooms.RoomOf(used) == seed)
                      select type.Name;
        Assert.Equal([nameof(SecureChannel)], knowing);
    }
}
