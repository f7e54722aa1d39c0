using System.Text;
using SymRatchet.Keys;

namespace SymRatchet.Tool.Keys;

/// <summary>A list of ids, one a line, that is read back to the same ids whatever console or editor it went through.</summary>
internal static class IdList
{
    // Ill-formed text throws: read as replacement characters it would name nobody.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The line for an id: ASCII only, because a console writes anything else in an encoding of its own.</summary>
    internal static string ToLine(string id) =>
        Ascii.IsValid(id) ? id : $"0x{Convert.ToHexString(KeyText.ToBytes(id))}";

    internal static async Task<List<byte[]>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> left = await File.ReadAllBytesAsync(path, cancellationToken);
        if (left.Span.StartsWith(Encoding.UTF8.Preamble))
            left = left[Encoding.UTF8.Preamble.Length..];
        List<byte[]> ids = [];
        for (int number = 1; !left.IsEmpty; number++)
        {
            int end = left.Span.IndexOf((byte)'\n');
            ReadOnlyMemory<byte> line = end < 0 ? left : left[..end];
            left = end < 0 ? default : left[(end + 1)..];
            if (line.Span.EndsWith("\r"u8))
                line = line[..^1];
            if (!line.IsEmpty)
                ids.Add(Parse(line.Span, $"line {number} of {path}"));
        }

        return ids;
    }

    private static byte[] Parse(ReadOnlySpan<byte> line, string name)
    {
        try
        {
            return KeyText.Parse(Utf8.GetString(line));
        }
        catch (DecoderFallbackException)
        {
            throw new ToolException($"{name} is not UTF-8", ExitCode.Usage);
        }
        catch (FormatException e)
        {
            throw new ToolException($"{name}: {e.Message}", ExitCode.Usage);
        }
    }
}
