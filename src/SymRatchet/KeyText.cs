using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace SymRatchet;

/// <summary>
/// Ids are opaque bytes on the wire; where people meet them they have one text form, which is read back to the same
/// bytes: UTF-8 text as it
/// stands, and <c>0x</c> with hex for everything that is not printable UTF-8 and for text that itself begins
/// with <c>0x</c>, or that begins or ends with white space.
/// </summary>
internal static class KeyText
{
    private const string HexPrefix = "0x";

    // Ill-formed text throws instead of turning into the same replacement character as another id.
    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    internal static byte[] ToBytes(string text) => Strict.GetBytes(text);

    /// <summary>
    /// The text form of an id for people, claims and logs, never the same for two ids. An id with characters that show
    /// nothing is shown as hex, so none can forge a log line, or look like another.
    /// </summary>
    internal static string ToDisplay(ReadOnlySpan<byte> id)
    {
        try
        {
            string text = Strict.GetString(id);
            return
                text.StartsWith(HexPrefix, StringComparison.Ordinal)
                || text.EnumerateRunes().Any(IsHidden)
                || text.Length != text.AsSpan().Trim().Length // white space at an end is not seen
                ? ToHex(id)
                : text;
        }
        catch (DecoderFallbackException)
        {
            return ToHex(id);
        }
    }

    /// <summary>Reads what <see cref="ToDisplay"/> wrote.</summary>
    /// <exception cref="FormatException">
    /// It begins with <c>0x</c> and hex does not follow, or is not well-formed text.
    /// </exception>
    internal static byte[] Parse(string text)
    {
        if (TryParse(text, out byte[]? id))
            return id;
        throw new FormatException(
            text.StartsWith(HexPrefix, StringComparison.Ordinal)
                ? $"{ToLogSafe(text)} is not an id: after 0x its bytes are expected in hex."
                : $"{ToLogSafe(text)} is not an id: its text is not well-formed."
        );
    }

    /// <summary>Reads what <see cref="ToDisplay"/> wrote; false for what it never writes nor a person means.</summary>
    internal static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out byte[]? id)
    {
        id = null;
        if (text is null)
            return false;
        if (text.StartsWith(HexPrefix, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> hex = text.AsSpan(HexPrefix.Length);
            byte[] bytes = new byte[hex.Length / 2];
            if (hex.Length % 2 == 0 && Convert.FromHexString(hex, bytes, out _, out _) == OperationStatus.Done)
                id = bytes;
            return id is not null;
        }

        try
        {
            id = Strict.GetBytes(text);
            return true;
        }
        catch (EncoderFallbackException)
        {
            return false;
        }
    }

    /// <summary>
    /// Reads what <see cref="ToDisplay"/> wrote and nothing else, so that two texts never are the same bytes.
    /// </summary>
    /// <exception cref="ArgumentException">It is no such text.</exception>
    internal static byte[] ToOwnBytes(string text)
    {
        if (!TryParse(text, out byte[]? bytes))
            throw new ArgumentException(
                $"{ToLogSafe(text)} is no text of an id: it is not well-formed, or begins with 0x and no hex follows."
                    + $" For the text as it stands take {nameof(ClientId)}.{nameof(ClientId.FromUtf8)}."
            );
        string display = ToDisplay(bytes);
        return display == text
            ? bytes
            : throw new ArgumentException(
                $"{ToLogSafe(text)} is not how an id is written: write {display}, or for the text as it stands take"
                    + $" {nameof(ClientId)}.{nameof(ClientId.FromUtf8)}."
            );
    }

    /// <summary>
    /// Text that others chose, such as the name of a remote end, as it may stand in a log: each hidden character as
    /// <c>\u</c> and hex.
    /// </summary>
    internal static string ToLogSafe(string text)
    {
        StringBuilder safe = new(text.Length);
        ReadOnlySpan<char> left = text;
        while (!left.IsEmpty)
        {
            bool isWhole = Rune.DecodeFromUtf16(left, out Rune rune, out int length) == OperationStatus.Done;
            if (isWhole && !IsHidden(rune))
                safe.Append(left[..length]);
            else
                safe.Append(CultureInfo.InvariantCulture, $"\\u{(isWhole ? rune.Value : left[0]):X4}");
            left = left[length..];
        }

        return safe.ToString();
    }

    private static string ToHex(ReadOnlySpan<byte> id) => HexPrefix + Convert.ToHexString(id);

    // By rune and not by char: half of the characters that format text lie beyond the first plane.
    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
        || IsIgnorable(rune.Value);

    // What is left of Unicode's Default_Ignorable_Code_Point beside the format characters, which fonts leave out, and
    // the blank pattern of Braille. The platform does not know the property.
    private static bool IsIgnorable(int value) =>
        value
            is 0x034F // combining grapheme joiner
                or 0x115F
                or 0x1160 // fillers of Hangul
                or 0x17B4
                or 0x17B5 // inherent vowels of Khmer
                or (>= 0x180B and <= 0x180F) // variation selectors of Mongolian
                or 0x2065 // reserved
                or 0x2800 // blank pattern of Braille
                or 0x3164 // filler of Hangul
                or (>= 0xFE00 and <= 0xFE0F) // variation selectors
                or 0xFFA0 // half-width filler of Hangul
                or (>= 0xFFF0 and <= 0xFFF8) // reserved
                or (>= 0xE0000 and <= 0xE0FFF); // tags, more variation selectors, and what is reserved for such
}
