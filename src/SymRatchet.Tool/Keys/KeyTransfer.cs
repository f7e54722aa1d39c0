using System.Buffers;
using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using SymRatchet.Keys;

namespace SymRatchet.Tool.Keys;

/// <summary>
/// The file in which a stored key travels from one store to another, at the epoch at which it is, with the key that
/// waits beside it. Keys are in
/// memory that is erased, and nowhere else.
/// </summary>
internal static class KeyTransfer
{
    /// <summary>Files without a version are of the first, which has no successor.</summary>
    private const int Version = 2;

    private const int MaxFileSize = 4096;

    internal static void Write(string path, StoredKey key)
    {
        using ErasedBuffer content = new(MaxFileSize);
        using (Utf8JsonWriter json = new(content))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteBase64String("id", key.Id.Bytes);
            json.WriteString("role", key.Role.ToString());
            json.WriteString("protocol", key.Protocol.ToString());
            json.WriteString("evolution", key.Evolution.ToString());
            json.WriteStartArray("suites");
            foreach (CipherSuiteId suite in key.Suites)
                json.WriteStringValue(suite.ToString());
            json.WriteEndArray();
            WriteKeys(json, key);
            if (key.Successor is { } successor)
            {
                json.WriteStartObject("successor");
                WriteKeys(json, successor);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        OwnerOnlyFile.Write(path, content.Written);
    }

    internal static StoredKey Read(string path)
    {
        byte[] content = GC.AllocateArray<byte>(MaxFileSize, pinned: true);
        try
        {
            int length = OwnerOnlyFile.Read(path, content);
            if (length == content.Length)
                throw new FormatException("it is too long");
            using var json = JsonDocument.Parse(content.AsMemory(..length));
            return ReadKey(json.RootElement);
        }
        catch (Exception e)
            when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new ToolException($"{path} is not an exported key");
        }
        catch (FormatException e)
        {
            throw new ToolException($"{path} is not an exported key: {e.Message}");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static void WriteKeys(Utf8JsonWriter json, StoredKey key)
    {
        json.WriteNumber("epoch", key.Epoch);
        json.WriteBase64String("identityKey", key.IdentityKey);
        json.WriteBase64String("epochKey", key.EpochKey);
    }

    private static StoredKey ReadKey(JsonElement json)
    {
        int version = json.TryGetProperty("version", out JsonElement number) ? number.GetInt32() : 1;
        if (version is < 1 or > Version)
            throw new FormatException($"it is of version {version}, and this program knows versions 1 to {Version}");
        var protocol = Enum.Parse<ChannelProtocol>(Text(json, "protocol"));
        var role = Enum.Parse<ChannelRole>(Text(json, "role"));
        var evolution = Enum.Parse<KeyEvolution>(Text(json, "evolution"));
        ClientId id = new(json.GetProperty("id").GetBytesFromBase64());
        CipherSuiteId[] suites =
        [
            .. json.GetProperty("suites")
                .EnumerateArray()
                .Select(suite => Enum.Parse<CipherSuiteId>(suite.GetString()!)),
        ];
        StoredKey? successor = json.TryGetProperty("successor", out JsonElement next) ? Keys(next, []) : null;
        return Keys(json, suites, successor);

        StoredKey Keys(JsonElement from, CipherSuiteId[] suites, StoredKey? successor = null)
        {
            Span<byte> identityKey = stackalloc byte[PreSharedKey.Size];
            Span<byte> epochKey = stackalloc byte[PreSharedKey.Size];
            try
            {
                int identityLength = Secret(from, "identityKey", identityKey);
                int epochLength = Secret(from, "epochKey", epochKey);
                return new StoredKey(
                    protocol,
                    role,
                    id,
                    evolution,
                    identityKey[..identityLength],
                    from.GetProperty("epoch").GetInt64(),
                    epochKey[..epochLength]
                )
                {
                    Suites = suites,
                    Successor = successor,
                };
            }
            finally
            {
                CryptographicOperations.ZeroMemory(identityKey);
                CryptographicOperations.ZeroMemory(epochKey);
            }
        }
    }

    private static string Text(JsonElement json, string name) =>
        json.GetProperty(name).GetString() ?? throw new FormatException($"{name} is expected");

    // From the text of the file itself: an array that JsonElement makes of it could be moved, and a copy would
    // stay.
    private static int Secret(JsonElement json, string name, Span<byte> key)
    {
        JsonElement text = json.GetProperty(name);
        return
            text.ValueKind == JsonValueKind.String
            && Base64.DecodeFromUtf8(JsonMarshal.GetRawUtf8Value(text)[1..^1], key, out _, out int written)
                == OperationStatus.Done
            ? written
            : throw new FormatException($"{name} is expected in base64");
    }

    /// <summary>Memory of a fixed size for a writer; what was written is erased with it.</summary>
    private sealed class ErasedBuffer(int size) : IBufferWriter<byte>, IDisposable
    {
        private readonly byte[] _bytes = GC.AllocateArray<byte>(size, pinned: true);
        private int _length;

        internal ReadOnlySpan<byte> Written => _bytes.AsSpan(.._length);

        public void Advance(int count) => _length += count;

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes.AsMemory(_length);

        public Span<byte> GetSpan(int sizeHint = 0) => _bytes.AsSpan(_length);

        public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
    }
}
