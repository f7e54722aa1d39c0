using System.Text;

namespace SymRatchet.Tool.Keys;

/// <summary>
/// A list of ids, one a line, that is read back to the same ids whatever console or editor it went through.
/// </summary>
internal static class IdList
{
    /// <summary>Of some two million ids.</summary>
    private const int MaxSize = 64 << 20;

    /// <summary>The longest id, of 255 bytes, in hex.</summary>
    private const int MaxLine = 512;

    // Ill-formed text throws: read as replacement characters it would name no client.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// The line for an id: ASCII only, because a console writes anything else in an encoding of its own.
    /// </summary>
    internal static string ToLine(string id) =>
        Ascii.IsValid(id) ? id : $"0x{Convert.ToHexString(ClientId.Parse(id).Bytes)}";

    /// <summary>
    /// Reads the list at a path, whatever can be read there, or from standard input where the path is <c>-</c>.
    /// </summary>
    internal static async Task<List<ClientId>> ReadAsync(string path, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> left = await ReadAllAsync(path, cancellationToken);
        if (left.Span.StartsWith(Encoding.UTF8.Preamble))
            left = left[Encoding.UTF8.Preamble.Length..];
        List<ClientId> ids = [];
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

        return ids.Count > 0
            ? ids
            : throw new ToolException($"there are no ids in {path}: it is empty", ExitCode.Usage);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAllAsync(string path, CancellationToken cancellationToken)
    {
        // A pipe opens when another process writes to it, and a read waits for data: neither wait can be cancelled but
        // from here.
        await using Stream stream =
            path == "-"
                ? Console.OpenStandardInput()
                : await Task.Run(() => File.OpenRead(path), cancellationToken).WaitAsync(cancellationToken);
        using MemoryStream content = new();
        byte[] buffer = new byte[64 << 10];
        while (
            await stream.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken) is > 0 and int read
        )
        {
            content.Write(buffer, 0, read);
            if (content.Length > MaxSize)
                throw new ToolException($"{path} is longer than {MaxSize} bytes: split it", ExitCode.Usage);
        }

        return content.GetBuffer().AsMemory(..(int)content.Length);
    }

    private static ClientId Parse(ReadOnlySpan<byte> line, string name)
    {
        if (line.Length > MaxLine)
            throw new ToolException($"{name} is longer than an id can be", ExitCode.Usage);
        try
        {
            return ClientId.Parse(Utf8.GetString(line));
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
