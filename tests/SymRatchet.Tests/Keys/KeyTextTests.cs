using System.Globalization;
using System.Text;

namespace SymRatchet.Tests.Keys;

/// <summary>The text of ids and of names that others chose: read back exactly, and nothing hidden in it.</summary>
public sealed class KeyTextTests
{
    [Theory]
    [InlineData("a\U000E0061")] // a tag, which shows nothing
    [InlineData("a\U0001D173")] // begins a beam in musical notation, and shows nothing
    [InlineData("a\U000110BD")]
    [InlineData("a\u202E")]
    public void Format_characters_of_every_plane_are_shown_as_hex(string id) =>
        Assert.Equal(
            "0x" + Convert.ToHexString(Encoding.UTF8.GetBytes(id)),
            KeyText.ToDisplay(Encoding.UTF8.GetBytes(id))
        );

    /// <summary>
    /// What a font leaves out (Default_Ignorable_Code_Point) although it is no format character, and letters that are
    /// blank.
    /// </summary>
    public static TheoryData<int, int> Unseen =>
        new()
        {
            { 0x034F, 0x034F },
            { 0x115F, 0x1160 },
            { 0x17B4, 0x17B5 },
            { 0x180B, 0x180F },
            { 0x2065, 0x2065 },
            { 0x2800, 0x2800 },
            { 0x3164, 0x3164 },
            { 0xFE00, 0xFE0F },
            { 0xFFA0, 0xFFA0 },
            { 0xFFF0, 0xFFF8 },
            { 0xE0000, 0xE0FFF },
        };

    [Theory]
    [MemberData(nameof(Unseen))]
    public void Characters_that_show_nothing_are_shown_as_hex_and_their_neighbours_as_they_are(int first, int last)
    {
        for (int value = first; value <= last; value++)
        {
            string unseen = $"a{new Rune(value)}b";
            byte[] id = Encoding.UTF8.GetBytes(unseen);
            Assert.Equal("0x" + Convert.ToHexString(id), KeyText.ToDisplay(id));
            Assert.Equal(id, KeyText.Parse(KeyText.ToDisplay(id)));
            Assert.Equal($"a\\u{value:X4}b", KeyText.ToLogSafe(unseen));
        }

        foreach (int neighbour in (int[])[first - 1, last + 1])
        {
            Rune rune = new(neighbour);
            string text = $"a{rune}b";
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.Control))
                Assert.Equal(text, KeyText.ToDisplay(Encoding.UTF8.GetBytes(text)));
        }
    }

    [Theory]
    [InlineData("sensor \U0001F321")]
    [InlineData("\U00020000")]
    public void Printable_characters_of_every_plane_stand_as_they_are(string id) =>
        Assert.Equal(id, KeyText.ToDisplay(Encoding.UTF8.GetBytes(id)));

    [Theory]
    [InlineData("sensor ")]
    [InlineData(" sensor")]
    [InlineData("sensor\u00A0")]
    [InlineData("\u3000sensor")]
    [InlineData(" ")]
    public void White_space_at_an_end_is_shown_as_hex(string id) =>
        Assert.Equal(
            "0x" + Convert.ToHexString(Encoding.UTF8.GetBytes(id)),
            KeyText.ToDisplay(Encoding.UTF8.GetBytes(id))
        );

    [Theory]
    [InlineData("0xff00", new byte[] { 0xFF, 0 })]
    [InlineData("0x", new byte[0])]
    [InlineData("0X61", new byte[] { (byte)'0', (byte)'X', (byte)'6', (byte)'1' })]
    [InlineData("@a", new byte[] { (byte)'@', (byte)'a' })]
    public void Ids_are_read_from_their_text(string text, byte[] id) => Assert.Equal(id, KeyText.Parse(text));

    [Theory]
    [InlineData("0xF")]
    [InlineData("0xFG")]
    [InlineData("0x FF")]
    [InlineData("0xsensor\n")]
    public void What_is_no_text_of_an_id_is_refused_in_one_line(string text)
    {
        FormatException refusal = Assert.Throws<FormatException>(() => KeyText.Parse(text));
        Assert.DoesNotContain(refusal.Message, char.IsControl);
    }

    [Theory]
    [InlineData("/run/a.sock", "/run/a.sock")]
    [InlineData("/run/a\ninfo: all is well\u001b[2J", "/run/a\\u000Ainfo: all is well\\u001B[2J")]
    [InlineData("a\u2028b\u202Ec\U000E0061d", "a\\u2028b\\u202Ec\\uE0061d")]
    [InlineData("\0abstract", "\\u0000abstract")]
    [InlineData("", "")]
    public void Names_of_remote_ends_cannot_forge_a_log(string name, string shown) =>
        Assert.Equal(shown, KeyText.ToLogSafe(name));

    // Not in the rows above: an attribute is kept as UTF-8, which has no half of a pair.
    [Fact]
    public void Half_of_a_surrogate_pair_is_no_text_of_an_id_and_is_shown_in_a_log_as_what_it_is()
    {
        Assert.Equal("half \\uD83D.", KeyText.ToLogSafe("half \uD83D."));
        Assert.Contains(
            "a\\uD800 is not an id",
            Assert.Throws<FormatException>(() => KeyText.Parse("a\uD800")).Message,
            StringComparison.Ordinal
        );
    }
}
