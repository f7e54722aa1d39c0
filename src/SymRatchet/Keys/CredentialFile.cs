using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Keys;

/// <summary>
/// The file that carries a key to a client: lines of <c>name: value</c>, the id and server name as base64 of their bytes, the key
/// last. It is created for its owner alone, and refused where others may read it.
/// </summary>
internal static class CredentialFile
{
    private const string FirstLine = "symratchet credential 1";
    private const int MaxFileSize = 4096;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    internal static void Write(string path, PreSharedKey key)
    {
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        RefuseOtherProtocols(key);
        using FileStream file = new(path, options);
        try
        {
            Write(file, key);
            file.Flush(flushToDisk: true);
        }
        catch (IOException)
        {
            File.Delete(path); // a part of a key is of no use, and in the way of the next attempt
            throw;
        }
    }

    internal static void Write(Stream destination, PreSharedKey key)
    {
        RefuseOtherProtocols(key);
        string head = $"{FirstLine}\nid: {Convert.ToBase64String(key.Id.Span)}\nserver: {Convert.ToBase64String(key.ServerName.Span)}\n"
            + $"evolution: {(key.Evolution == KeyEvolution.Forward ? "forward" : "none")}\nkey: ";
        Span<byte> secret = stackalloc byte[Base64.GetMaxEncodedToUtf8Length(PreSharedKey.Size)];
        try
        {
            Base64.EncodeToUtf8(key.Secret, secret, out _, out int written);
            destination.Write(Encoding.ASCII.GetBytes(head));
            destination.Write(secret[..written]);
            destination.WriteByte((byte)'\n');
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    internal static PreSharedKey Read(string path)
    {
        RefuseIfOthersMayRead(path);
        Span<byte> content = stackalloc byte[MaxFileSize];
        try
        {
            using FileStream file = File.OpenRead(path);
            int length = file.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            if (length == content.Length)
                throw new FormatException($"{path} is no credential file: it is too long.");
            return Parse(path, content[..length]);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static void RefuseOtherProtocols(PreSharedKey key)
    {
        if (key.Protocol != ChannelProtocol.V1)
            throw new ArgumentException("Only keys of protocol 1 are carried in credential files.", nameof(key));
    }

    private static void RefuseIfOthersMayRead(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path))
            return; // on Windows the rights are the folder's; a missing file gets its own message when it is opened
        UnixFileMode others = File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute);
        if (others != 0)
            throw new IOException($"{path} may be read or changed by others than its owner ({others}). Make it private first: chmod 600 {path}");
    }

    private static PreSharedKey Parse(string path, ReadOnlySpan<byte> content)
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

        // The key never becomes a string: strings cannot be erased.
        ReadOnlySpan<byte> prefix = "key: "u8;
        int end = content.IndexOf((byte)'\n');
        ReadOnlySpan<byte> line = end < 0 ? content : content[..end];
        Span<byte> key = stackalloc byte[PreSharedKey.Size + 1];
        try
        {
            if (!line.StartsWith(prefix)
                || Base64.DecodeFromUtf8(line[prefix.Length..].TrimEnd((byte)'\r'), key, out _, out int written) != System.Buffers.OperationStatus.Done
                || written != PreSharedKey.Size)
            {
                throw new FormatException($"{path}, line 5: 'key: ' and {PreSharedKey.Size} bytes in base64 are expected.");
            }

            return PreSharedKey.Import(id, key[..PreSharedKey.Size], server, evolution);
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
