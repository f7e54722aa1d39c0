namespace SymRatchet.Tests.Keys;

/// <summary>What a store, a file or an import may claim of a key, and what people see of its id.</summary>
public sealed class StoredKeyTests
{
    [Theory]
    [InlineData((ChannelProtocol)99, ChannelRole.Server, KeyEvolution.Forward)]
    [InlineData(ChannelProtocol.V1, (ChannelRole)99, KeyEvolution.Forward)]
    [InlineData(ChannelProtocol.V1, ChannelRole.Server, (KeyEvolution)99)]
    public void A_protocol_role_or_evolution_that_does_not_exist_is_refused(
        ChannelProtocol protocol,
        ChannelRole role,
        KeyEvolution evolution
    ) =>
        Assert.Throws<ArgumentException>(() =>
            new StoredKey(protocol, role, "device", evolution, new byte[32], 0, new byte[32])
        );

    [Theory]
    [InlineData(new byte[] { 0xFF }, "0xFF")]
    // the text 0xFF is not to be taken for the byte FF
    [InlineData(new byte[] { (byte)'0', (byte)'x', (byte)'F', (byte)'F' }, "0x30784646")]
    [InlineData(new byte[] { (byte)'a', (byte)'\n' }, "0x610A")]
    [InlineData(new byte[] { (byte)'a', 0xE2, 0x80, 0xAE }, "0x61E280AE")] // turns the text after it around
    [InlineData(new byte[] { 0xC3, 0xA4 }, "ä")]
    public void No_two_ids_have_one_name_and_none_hides_characters(byte[] id, string name) =>
        Assert.Equal(name, KeyText.ToDisplay(id));

    [Fact]
    public void A_hashed_id_is_the_same_each_time_and_not_the_id()
    {
        string hashed = new ClientId("sensor-17"u8).ToHash();
        Assert.Equal(hashed, new ClientId("sensor-17"u8).ToHash());
        Assert.NotEqual(hashed, new ClientId("sensor-18"u8).ToHash());
        Assert.Matches("^#[0-9A-F]{32}$", hashed);
    }
}
