using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Keys;

/// <summary>
/// The file that carries a key to a client: lines of <c>name: value</c>, with id and server name in base64 and the key
/// last. It is created for its owner only, and rejected if others may read it.
/// </summary>
internal static class CredentialFile
{
    internal const int MaxFileSize = 4096;

    private const string FirstLine = "symratchet credential 1";

    internal static void Write(string path, PreSharedKey key)
    {
        Span<byte> content = stackalloc byte[MaxFileSize];
        try
        {
            OwnerOnlyFile.Write(path, content[..Format(key, content)]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    internal static void Write(Stream destination, PreSharedKey key)
    {
        // An array rather than a span: the base class Stream would copy a span to a pooled array, which is not erased.
        byte[] content = GC.AllocateArray<byte>(MaxFileSize, pinned: true);
        try
        {
            // One write: a memory stream that grows would leave copies behind.
            destination.Write(content, 0, Format(key, content));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    internal static PreSharedKey Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        Span<byte> content = stackalloc byte[MaxFileSize];
        try
        {
            return ParseWhole(path, content[..OwnerOnlyFile.Read(path, content)]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    internal static PreSharedKey Read(Stream source)
    {
        // An array rather than a span: the base class Stream would read into a pooled array, which is not erased.
        byte[] content = GC.AllocateArray<byte>(MaxFileSize, pinned: true);
        try
        {
            int length = 0;
            while (length < content.Length && source.Read(content, length, content.Length - length) is > 0 and int read)
                length += read;
            return ParseWhole("The credential", content.AsSpan(..length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static PreSharedKey ParseWhole(string path, ReadOnlySpan<byte> content)
    {
        if (content.StartsWith(KeyFileHead.FirstLine))
            throw new FormatException($"{path} is a key file already: open it with {nameof(KeyFile)}.");
        if (content.Length == MaxFileSize)
            throw new FormatException($"{path} is not a credential file: it is too long.");
        return Parse(path, content);
    }

    private static int Format(PreSharedKey key, Span<byte> content)
    {
        if (key.Protocol != ChannelProtocol.V1)
            throw new ArgumentException("Only keys of protocol 1 are carried in credential files.", nameof(key));

        int length = Encoding.ASCII.GetBytes(
            $"{FirstLine}\nid: {Convert.ToBase64String(key.Id.Bytes)}\nserver: "
                + $"{Convert.ToBase64String(key.ServerBytes)}\n"
                + $"evolution: {(key.Evolution == KeyEvolution.Forward ? "forward" : "none")}\nkey: ",
            content
        );
        Base64.EncodeToUtf8(key.Secret, content[length..], out _, out int written);
        content[length + written] = (byte)'\n';
        return length + written + 1;
    }

    internal static PreSharedKey Parse(string path, ReadOnlySpan<byte> content)
    {
        if (!TakeLine(ref content).SequenceEqual(FirstLine))
            throw new FormatException($"{path}, line 1: a credential file starts with '{FirstLine}'.");

        byte[] id = Bytes(path, 2, Field(path, 2, "id", TakeLine(ref content)));
        byte[] server = Bytes(path, 3, Field(path, 3, "server", TakeLine(ref content)));
        KeyEvolution evolution = Field(path, 4, "evolution", TakeLine(ref content)) switch
        {
            "forward" => KeyEvolution.Forward,
            "none" => KeyEvolution.None,
            _ => throw new FormatException($"{path}, line 4: evolution is 'forward' or 'none'."),
        };

        // The key is never a string, because strings cannot be erased.
        ReadOnlySpan<byte> prefix = "key: "u8;
        int end = content.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? content : content[..end];
        Span<byte> key = stackalloc byte[PreSharedKey.Size + 1];
        try
        {
            if (
                !line.StartsWith(prefix)
                || Base64.DecodeFromUtf8(line[prefix.Length..].TrimEnd((byte)'\r'), key, out _, out int written)
                    != System.Buffers.OperationStatus.Done
                || written != PreSharedKey.Size
            )
            {
                throw new FormatException(
                    $"{path}, line 5: 'key: ' and {PreSharedKey.Size} bytes in base64 are expected."
                );
            }

            return PreSharedKey.Import(new ClientId(id), key[..PreSharedKey.Size], server, evolution);
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"{path}: {e.Message}", e);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static string TakeLine(ref ReadOnlySpan<byte> content)
    {
        int end = content.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? content : content[..end];
        content = end < 0 ? [] : content[(end + 1)..];
        return Encoding.ASCII.GetString(line).TrimEnd('\r');
    }

    private static string Field(string path, int number, string name, string line) =>
        line.StartsWith(name + ": ", StringComparison.Ordinal) || line == name + ":"
            ? line[(name.Length + 1)..].Trim()
            : throw new FormatException($"{path}, line {number}: '{name}: ' is expected.");

    private static byte[] Bytes(string path, int number, string base64)
    {
        byte[] bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out int written)
            ? bytes[..written]
            : throw new FormatException($"{path}, line {number}: base64 is expected.");
    }
}
