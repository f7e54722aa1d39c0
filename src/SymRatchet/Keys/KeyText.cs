using System.Text;

namespace SymRatchet.Keys;

/// <summary>Ids are opaque bytes on the wire; where people meet them they are UTF-8 text, taken as it stands.</summary>
internal static class KeyText
{
    // Ill-formed text throws instead of turning into the same replacement character as another id.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    internal static byte[] ToBytes(string text) => Strict.GetBytes(text);

    /// <summary>Text for logs and messages: control characters and what is not UTF-8 are shown as hex, so no id can forge a log line.</summary>
    internal static string ToDisplay(ReadOnlySpan<byte> id)
    {
        try
        {
            string text = Strict.GetString(id);
            return text.Any(char.IsControl) ? "0x" + Convert.ToHexString(id) : text;
        }
        catch (DecoderFallbackException)
        {
            return "0x" + Convert.ToHexString(id);
        }
    }
}
