using SymRatchet.TestKit;

namespace SymRatchet.Tests.Keys;

public sealed class ClientIdTests
{
    [Theory]
    [InlineData(
        "sensor-17",
        new byte[] { (byte)'s', (byte)'e', (byte)'n', (byte)'s', (byte)'o', (byte)'r', (byte)'-', (byte)'1', (byte)'7' }
    )]
    [InlineData("caf\u00e9", new byte[] { (byte)'c', (byte)'a', (byte)'f', 0xC3, 0xA9 })]
    [InlineData("0xFF00", new byte[] { 0xFF, 0x00 })]
    [InlineData("0x3078", new byte[] { (byte)'0', (byte)'x' })]
    public void A_text_is_the_id_that_is_shown_so(string text, byte[] bytes)
    {
        ClientId id = text;
        Assert.Equal(bytes, id.ToArray());
        Assert.Equal(text, id.ToString());
    }

    [Theory]
    [InlineData("0x4142", "AB")] // another way to write an id that has a text: who compares names would be deceived
    [InlineData("0xff00", "0xFF00")]
    [InlineData("sensor-17 ", "0x73656E736F722D313720")]
    [InlineData("a\u200Bb", "0x61E2808B62")]
    public void A_text_that_is_no_ids_own_is_refused_with_the_one_that_is(string text, string written)
    {
        var error = Assert.Throws<ArgumentException>(() => (ClientId)text);
        Assert.Contains($"write {written}", error.Message, StringComparison.Ordinal);
        Assert.Equal(written, ClientId.Parse(text).ToString());
    }

    [Theory]
    [InlineData("0x")]
    [InlineData("0x3")]
    [InlineData("0xsensor")]
    [InlineData(null)] // half of a surrogate pair, which no test's data can hold
    public void A_text_that_names_no_bytes_is_refused(string? text)
    {
        text ??= "\uD800";
        if (text != "0x")
        {
            Assert.Throws<FormatException>(() => ClientId.Parse(text));
            Assert.False(ClientId.TryParse(text, out _));
        }

        Assert.Throws<ArgumentException>(() => (ClientId)text);
    }

    [Fact]
    [Requirement("R3-3")]
    public void Text_as_it_stands_is_never_read_as_hex()
    {
        Assert.Equal("0x30783431", ClientId.FromUtf8("0x41").ToString());
        Assert.Throws<System.Text.EncoderFallbackException>(() => ClientId.FromUtf8("\uD800"));
    }

    [Fact]
    public void Nobodys_id_is_the_default_and_is_refused_where_an_id_is_needed()
    {
        ClientId nobody = default;
        Assert.Equal((0, "", nobody), (nobody.Length, nobody.ToString(), new ClientId([])));
        Assert.False(ClientId.TryParse(null, out _));
        Assert.Throws<ArgumentException>(() => PreSharedKey.Generate(nobody));
        Assert.Throws<ArgumentException>(() => PreSharedKey.Generate(new ClientId(new byte[256])));
        Assert.Throws<ArgumentNullException>(() => (ClientId)(string)null!);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [Requirement("R3-2")]
    public void A_client_does_not_connect_under_an_id_that_is_none(int length)
    {
        using InMemoryKeyStore store = new(ChannelRole.Client);
        SecureChannelClientOptions options = new() { Keys = store, ClientId = new ClientId(new byte[length]) };
        Assert.Throws<ArgumentException>(options.Validate);
        options.ClientId = new ClientId(new byte[255]);
        options.Validate();
    }

    [Fact]
    public void A_server_name_is_written_as_an_id_is()
    {
        using var named = PreSharedKey.Generate("a", "gateway");
        using var bytes = PreSharedKey.Generate("a", "0xFF");
        Assert.Equal(("gateway", "0xFF"), (named.ServerName, bytes.ServerName));
        Assert.Equal(new byte[] { 0xFF }, bytes.ServerBytes.ToArray());
        Assert.Throws<ArgumentException>(() => PreSharedKey.Generate("a", "0x4142"));
    }
}
