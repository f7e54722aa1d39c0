using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>The attacker's own client of the seed protocol, from its description: it does what no honest client does.</summary>
internal sealed class SeedWireClient : IDisposable
{
    private const int HeaderSize = 7;
    private const int KeySize = 16;

    private readonly byte _id;
    private readonly Aes _aes = Aes.Create();
    private byte[] _encryptionKey;
    private byte[] _macKey;

    /// <summary>A client of the demonstration, whose key everybody knows.</summary>
    internal SeedWireClient(string id)
    {
        _id = byte.Parse(id, System.Globalization.CultureInfo.InvariantCulture);
        byte[] master = Encoding.ASCII.GetBytes($"client{id}_master_k");
        _encryptionKey = Shorten([.. master, .. "C2S-ENC"u8]);
        _macKey = Shorten([.. master, .. "C2S-MAC"u8]);
    }

    /// <summary>Seals a message of any opcode and round, and moves the keys on.</summary>
    internal byte[] Seal(byte opcode, uint round, string payload)
    {
        byte[] iv = RandomNumberGenerator.GetBytes(KeySize);
        _aes.Key = _encryptionKey;
        byte[] ciphertext = _aes.EncryptCbc(Encoding.ASCII.GetBytes(payload), iv);
        byte[] header = new byte[HeaderSize];
        header[0] = opcode;
        header[1] = _id;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(2), round);
        header[6] = 1;
        byte[] message = [.. header, .. iv, .. ciphertext];
        byte[] frame = [0, 0, 0, 0, .. message, .. HMACSHA256.HashData(_macKey, message)];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)(frame.Length - sizeof(uint)));
        _encryptionKey = Shorten([.. _encryptionKey, .. ciphertext]);
        _macKey = Shorten([.. _macKey, .. iv]);
        return frame;
    }

    public void Dispose() => _aes.Dispose();

    private static byte[] Shorten(byte[] input) => SHA256.HashData(input)[..KeySize];
}
