using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>
/// One direction's records of protocol 1 in suite 2 (section 6), for whoever holds the session's secret.
/// </summary>
internal sealed class V1Chain(byte[] session, string direction)
{
    private const int HeaderSize = 16;
    private const int TagSize = 16;
    private const int NonceSize = 12;

    private byte[] _chainKey = V1Secrets.Expand(session, direction);
    private byte[] _lastTag = new byte[32];

    /// <summary>Seals a record of any opcode and round, and moves the chain on.</summary>
    internal byte[] Seal(byte opcode, ulong round, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[HeaderSize + payload.Length + TagSize];
        frame[0] = opcode;
        frame[2] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), (uint)(payload.Length + TagSize));
        BinaryPrimitives.WriteUInt64BigEndian(frame.AsSpan(8), round);
        using AesGcm aead = new(Step(), TagSize);
        aead.Encrypt(
            Nonce(frame),
            payload,
            frame.AsSpan(HeaderSize, payload.Length),
            frame.AsSpan(^TagSize..),
            frame.AsSpan(0, HeaderSize)
        );
        _lastTag = frame[^TagSize..];
        return frame;
    }

    /// <summary>Opens the next record; null where these are not the keys that it was sealed with.</summary>
    internal byte[]? Open(byte[] frame)
    {
        byte[] payload = new byte[frame.Length - HeaderSize - TagSize];
        using AesGcm aead = new(Step(), TagSize);
        try
        {
            aead.Decrypt(
                Nonce(frame),
                frame.AsSpan(HeaderSize, payload.Length),
                frame.AsSpan(^TagSize..),
                payload,
                frame.AsSpan(0, HeaderSize)
            );
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }

        _lastTag = frame[^TagSize..];
        return payload;
    }

    private byte[] Step()
    {
        byte[] keys = HKDF.Expand(HashAlgorithmName.SHA256, _chainKey, 64, [.. "symratchet/1 step"u8, .. _lastTag]);
        _chainKey = keys[..32];
        return keys[32..];
    }

    private static byte[] Nonce(ReadOnlySpan<byte> frame) =>
        [.. new byte[NonceSize - sizeof(ulong)], .. frame[8..HeaderSize]];
}
