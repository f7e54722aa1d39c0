using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>A client's messages in the seed protocol, for whoever holds the master key.</summary>
internal sealed class SeedChain
{
    private const int PrefixSize = 4;
    private const int HeaderSize = 7;
    private const int KeySize = 16;
    private const int MacSize = 32;

    private byte[] _encryptionKey;
    private byte[] _macKey;

    internal SeedChain(ReadOnlySpan<byte> master)
    {
        _encryptionKey = Shorten([.. master, .. "C2S-ENC"u8]);
        _macKey = Shorten([.. master, .. "C2S-MAC"u8]);
    }

    /// <summary>Seals a message of any header and moves the keys on.</summary>
    internal byte[] Seal(byte opcode, byte id, uint round, byte direction, string payload)
    {
        byte[] iv = RandomNumberGenerator.GetBytes(KeySize);
        using var aes = Aes.Create();
        aes.Key = _encryptionKey;
        byte[] ciphertext = aes.EncryptCbc(Encoding.ASCII.GetBytes(payload), iv);
        byte[] header = new byte[HeaderSize];
        header[0] = opcode;
        header[1] = id;
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(2), round);
        header[6] = direction;
        byte[] message = [.. header, .. iv, .. ciphertext];
        byte[] frame = [0, 0, 0, 0, .. message, .. HMACSHA256.HashData(_macKey, message)];
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)(frame.Length - PrefixSize));
        Move(iv, ciphertext);
        return frame;
    }

    /// <summary>Opens the next message; null where these are not the keys that it was sealed with.</summary>
    internal byte[]? Open(byte[] frame)
    {
        byte[] message = frame[PrefixSize..^MacSize];
        if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(_macKey, message), frame.AsSpan(^MacSize..)))
            return null;
        byte[] iv = message[HeaderSize..(HeaderSize + KeySize)];
        byte[] ciphertext = message[(HeaderSize + KeySize)..];
        using var aes = Aes.Create();
        aes.Key = _encryptionKey;
        byte[] payload = aes.DecryptCbc(ciphertext, iv);
        Move(iv, ciphertext);
        return payload;
    }

    private void Move(byte[] iv, byte[] ciphertext)
    {
        _encryptionKey = Shorten([.. _encryptionKey, .. ciphertext]);
        _macKey = Shorten([.. _macKey, .. iv]);
    }

    private static byte[] Shorten(byte[] input) => SHA256.HashData(input)[..KeySize];
}
