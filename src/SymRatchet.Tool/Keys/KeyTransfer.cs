using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace SymRatchet.Tool.Keys;

/// <summary>The file in which a stored key travels from one store to another, at the epoch at which it is.</summary>
internal sealed record KeyTransfer(
    string Id, ChannelRole Role, ChannelProtocol Protocol, KeyEvolution Evolution, CipherSuiteId[] Suites, long Epoch, byte[] IdentityKey, byte[] EpochKey)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    internal static void Write(string path, StoredKey key)
    {
        KeyTransfer transfer = new(
            Convert.ToBase64String(key.Id.Span), key.Role, key.Protocol, key.Evolution, [.. key.Suites], key.Epoch, key.IdentityKey.ToArray(), key.EpochKey.ToArray());
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(transfer, Json);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        try
        {
            using FileStream file = new(path, options);
            try
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            catch (IOException)
            {
                File.Delete(path); // a part of a key is of no use, and in the way of the next attempt
                throw;
            }
        }
        finally
        {
            transfer.Erase();
            CryptographicOperations.ZeroMemory(content);
        }
    }

    internal static StoredKey Read(string path)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & ~(OwnerOnly | UnixFileMode.UserExecute)) != 0)
            throw new ToolException($"{path} holds a key and may be used by others than its owner; make it private first: chmod 600 {path}");
        byte[] content = File.ReadAllBytes(path);
        try
        {
            KeyTransfer transfer = JsonSerializer.Deserialize<KeyTransfer>(content, Json) ?? throw new FormatException($"{path} is no exported key.");
            StoredKey key = new(
                transfer.Protocol, transfer.Role, Convert.FromBase64String(transfer.Id), transfer.Evolution, transfer.IdentityKey, transfer.Epoch, transfer.EpochKey)
            {
                Suites = transfer.Suites,
            };
            transfer.Erase();
            return key;
        }
        catch (JsonException)
        {
            throw new FormatException($"{path} is no exported key.");
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    /// <summary>Never shows the keys.</summary>
    public override string ToString() => nameof(KeyTransfer);

    private void Erase()
    {
        CryptographicOperations.ZeroMemory(IdentityKey);
        CryptographicOperations.ZeroMemory(EpochKey);
    }
}
