using System.Text;
using FsCheck;
using FsCheck.Xunit;

namespace SymRatchet.PropertyTests.Keys;

/// <summary>Every id has one text form, and it is read back to the same bytes.</summary>
public sealed class KeyTextProperties
{
    [Property(MaxTest = 2000)]
    public bool Any_bytes_are_read_back_from_their_text(byte[] id) =>
        KeyText.Parse(KeyText.ToDisplay(id)).AsSpan().SequenceEqual(id);

    [Property(MaxTest = 2000)]
    public bool Any_text_is_read_back_and_shows_nothing_hidden(NonNull<string> text)
    {
        byte[] id = Encoding.UTF8.GetBytes(text.Get);
        string shown = KeyText.ToDisplay(id);
        return KeyText.Parse(shown).AsSpan().SequenceEqual(id) && KeyText.ToLogSafe(shown) == shown;
    }

    [Property(MaxTest = 2000)]
    public bool White_space_at_an_end_is_seen_and_read_back(NonNull<string> text, NonNegativeInt space, bool atEnd)
    {
        char white = " \t\n\u00A0\u2003\u3000"[space.Get % 6];
        byte[] id = Encoding.UTF8.GetBytes(atEnd ? text.Get + white : white + text.Get);
        string shown = KeyText.ToDisplay(id);
        return shown == shown.Trim() && KeyText.Parse(shown).AsSpan().SequenceEqual(id);
    }

    [Property(MaxTest = 2000)]
    public bool Text_that_looks_like_hex_is_read_back(NonNull<string> rest, bool isHex)
    {
        byte[] id = Encoding.UTF8.GetBytes(
            "0x" + (isHex ? Convert.ToHexString(Encoding.UTF8.GetBytes(rest.Get)) : rest.Get)
        );
        return KeyText.Parse(KeyText.ToDisplay(id)).AsSpan().SequenceEqual(id);
    }

    [Property(MaxTest = 2000)]
    public bool What_is_safe_for_a_log_stays_so(NonNull<string> text)
    {
        string safe = KeyText.ToLogSafe(text.Get);
        return KeyText.ToLogSafe(safe) == safe && !safe.Any(char.IsControl);
    }
}
