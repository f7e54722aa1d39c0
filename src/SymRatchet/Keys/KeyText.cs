using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Keys;

/// <summary>Ids are opaque bytes on the wire; where people meet them they are UTF-8 text, taken as it stands.</summary>
internal static class KeyText
{
    private const string HexPrefix = "0x";

    // Ill-formed text throws instead of turning into the same replacement character as another id.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static byte[] ToBytes(string text) => Strict.GetBytes(text);

    /// <summary>
    /// Text for people, claims and logs, never the same for two ids. An id with control or formatting characters is shown as hex, so none can forge
    /// a log line; so is what is not UTF-8, and text that looks like this hex.
    /// </summary>
    internal static string ToDisplay(ReadOnlySpan<byte> id)
    {
        try
        {
            string text = Strict.GetString(id);
            return text.StartsWith(HexPrefix, StringComparison.Ordinal) || text.Any(IsHidden) ? ToHex(id) : text;
        }
        catch (DecoderFallbackException)
        {
            return ToHex(id);
        }
    }

    /// <summary>The same name for the same id, from which an id that cannot be guessed cannot be found: half of its SHA-256.</summary>
    internal static string ToHashed(ReadOnlySpan<byte> id) => "#" + Convert.ToHexString(SHA256.HashData(id).AsSpan(..(SHA256.HashSizeInBytes / 2)));

    private static string ToHex(ReadOnlySpan<byte> id) => HexPrefix + Convert.ToHexString(id);

    private static bool IsHidden(char c) => CharUnicodeInfo.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
