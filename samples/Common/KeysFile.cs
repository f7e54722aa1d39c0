using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Samples;

/// <summary>
/// Reads a keys file: one client a line, as <c>id hexkey [weight]</c>; what follows a <c>#</c> is a comment. A
/// complaint names file and line, and never repeats a key or what is in its place.
/// </summary>
public static class KeysFile
{
    private const double MaxWeight = 1e6;

    public static ClientKeys Read(string path, ChannelProtocol protocol)
    {
        byte[] file = ReadAll(path);
        ClientKeys keys = new(path);
        try
        {
            int line = 0;
            ReadOnlySpan<byte> text = file;
            if (text.StartsWith(Encoding.UTF8.Preamble))
                text = text[Encoding.UTF8.Preamble.Length..];
            foreach (Range range in text.Split((byte)'\n'))
            {
                line++;
                if (ReadLine(text[range], keys, protocol) is { } complaint)
                    throw new SampleException($"{path}:{line}: {complaint}");
            }

            return keys.Ids.Count > 0 ? keys : throw new SampleException($"{path}: there is no client in it");
        }
        catch
        {
            keys.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(file);
        }
    }

    private static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SampleException($"cannot read the keys file: {e.Message}", e);
        }
    }

    private static string? ReadLine(ReadOnlySpan<byte> line, ClientKeys keys, ChannelProtocol protocol)
    {
        int comment = line.IndexOf((byte)'#');
        ReadOnlySpan<byte> rest = comment < 0 ? line : line[..comment];
        ReadOnlySpan<byte> idText = NextWord(ref rest);
        ReadOnlySpan<byte> keyText = NextWord(ref rest);
        ReadOnlySpan<byte> weightText = NextWord(ref rest);
        if (idText.IsEmpty)
            return null;
        if (keyText.IsEmpty)
            return "there is an id but no key; a line is: id hexkey [weight]";
        if (!NextWord(ref rest).IsEmpty)
            return "there are more than three words; a line is: id hexkey [weight]";

        double weight = 1;
        if (
            !weightText.IsEmpty
            && !(
                double.TryParse(weightText, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out weight)
                && weight is > 0 and <= MaxWeight
            )
        )
        {
            return $"the weight is not a positive number up to {MaxWeight}";
        }

        return AddClient(idText, keyText, weight, keys, protocol);
    }

    private static string? AddClient(
        ReadOnlySpan<byte> idText,
        ReadOnlySpan<byte> keyText,
        double weight,
        ClientKeys keys,
        ChannelProtocol protocol
    )
    {
        bool isSeed = protocol == ChannelProtocol.Seed;
        byte client = 0;
        if (
            isSeed
            && (!byte.TryParse(idText, NumberStyles.None, CultureInfo.InvariantCulture, out client) || client == 0)
        )
            return "the id of a seed client is a number from 1 to 255";

        if (
            !ClientId.TryParse(
                isSeed ? client.ToString(CultureInfo.InvariantCulture) : Encoding.UTF8.GetString(idText),
                out ClientId id
            )
        )
            return "an id that begins with 0x goes on with its bytes in hexadecimal digits";

        Span<byte> secret = stackalloc byte[isSeed ? PreSharedKey.SeedKeySize : PreSharedKey.Size];
        try
        {
            if (keyText.Length != 2 * secret.Length)
                return $"the key of client {id} has {keyText.Length} digits; for {SampleOptions.NameOf(protocol)} it "
                    + $"must be {2 * secret.Length} hexadecimal digits ({secret.Length} bytes)";
            if (Convert.FromHexString(keyText, secret, out _, out _) != OperationStatus.Done)
                return $"the key of client {id} is not hexadecimal";

            PreSharedKey key = isSeed ? PreSharedKey.ForSeed(client, secret) : PreSharedKey.Import(id, secret);
            if (keys.Add(id, key, weight))
                return null;
            key.Dispose();
            return $"client {id} is there already";
        }
        catch (ArgumentException e)
        {
            return e.Message; // an id that is too long or no text
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t\r"u8);
        int end = rest.IndexOfAny(" \t\r"u8);
        ReadOnlySpan<byte> word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }
}
