using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace SymRatchet;

/// <summary>
/// Converts ids between bytes and their text form: the UTF-8 text, or <c>0x</c> and hex for bytes that are not visible
/// UTF-8, and for text that begins with <c>0x</c> or begins or ends with white space (docs/protocol.md, 3).
/// </summary>
internal static class KeyText
{
    private const string HexPrefix = "0x";

    // Ill-formed text throws, because replacement characters would map different ids to one text.
    private static readonly UTF8Encoding Strict = new(
        encoderShouldEmitUTF8Identifier: false,
        throwOnInvalidBytes: true
    );

    internal static byte[] ToBytes(string text) => Strict.GetBytes(text);

    /// <summary>
    /// Returns the unique text form of an id. Ids with invisible characters are shown in hex, so that none can forge a
    /// log line or look like another.
    /// </summary>
    internal static string ToDisplay(ReadOnlySpan<byte> id)
    {
        try
        {
            string text = Strict.GetString(id);
            return
                text.StartsWith(HexPrefix, StringComparison.Ordinal)
                || text.EnumerateRunes().Any(IsHidden)
                || text.Length != text.AsSpan().Trim().Length // white space at an end is invisible
                ? ToHex(id)
                : text;
        }
        catch (DecoderFallbackException)
        {
            return ToHex(id);
        }
    }

    /// <summary>Parses the text form of an id.</summary>
    /// <exception cref="FormatException">
    /// The text begins with <c>0x</c> without valid hex after it, or is not well-formed.
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

    /// <summary>Tries to parse the text form of an id, or the hex form of any id.</summary>
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

    /// <summary>Parses the canonical text form only, so that no two texts give the same bytes.</summary>
    /// <exception cref="ArgumentException">The text is not the canonical form of an id.</exception>
    internal static byte[] ToOwnBytes(string text)
    {
        if (!TryParse(text, out byte[]? bytes))
            throw new ArgumentException(
                $"{ToLogSafe(text)} is not an id: it is not well-formed, or begins with 0x and no hex follows."
                    + $" For this text literally, use {nameof(ClientId)}.{nameof(ClientId.FromUtf8)}."
            );
        string display = ToDisplay(bytes);
        return display == text
            ? bytes
            : throw new ArgumentException(
                $"{ToLogSafe(text)} is not how an id is written: write {display}, or for this text literally use"
                    + $" {nameof(ClientId)}.{nameof(ClientId.FromUtf8)}."
            );
    }

    /// <summary>
    /// Escapes a text from outside, such as the name of a remote end, for a log: invisible characters become <c>\u</c>
    /// and hex.
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

    // By rune, not by char: half of the format characters lie beyond the first plane.
    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
        || IsIgnorable(rune.Value);

    // The rest of Unicode's Default_Ignorable_Code_Point, which .NET does not expose, and the blank Braille pattern.
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
                or (>= 0xE0000 and <= 0xE0FFF); // tags, more variation selectors, and reserved code points
}
