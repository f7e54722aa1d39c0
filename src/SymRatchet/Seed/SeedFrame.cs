using System.Buffers;
using System.Buffers.Binary;
using SymRatchet.Session;

namespace SymRatchet.Seed;

/// <summary>
/// The layout of a seed frame, sizes and offsets in bytes: <c>length u32 | opcode u8 | client id u8 | round u32 |
/// direction u8 | IV 16 | ciphertext n*16 | HMAC 32</c>, big-endian.
/// </summary>
internal static class SeedFrame
{
    internal const int PrefixSize = 4;
    internal const int BlockSize = 16;
    internal const int IvSize = 16;
    internal const int MacSize = 32;
    internal const int HeaderSize = 7;
    internal const int Overhead = HeaderSize + IvSize + MacSize;
    internal const int MinLength = Overhead + BlockSize;

    internal const int OpcodeOffset = 0;
    internal const int IdOffset = 1;
    internal const int RoundOffset = 2;
    internal const int DirectionOffset = 6;
    internal const int IvOffset = HeaderSize;
    internal const int CiphertextOffset = HeaderSize + IvSize;

    internal const byte ClientToServer = 1;
    internal const byte ServerToClient = 2;

    /// <summary>Returns the length of the padded payload, which is 1 to 16 bytes longer.</summary>
    internal static int PaddedLength(int payloadLength) => (payloadLength / BlockSize + 1) * BlockSize;

    /// <summary>Returns the largest payload of a message of at most this length.</summary>
    internal static int MaxPayload(int maxLength) => ((maxLength - Overhead) / BlockSize * BlockSize) - 1;

    /// <summary>Returns the length of the whole frame, prefix included.</summary>
    internal static int FrameLength(int payloadLength) => PrefixSize + Overhead + PaddedLength(payloadLength);

    internal static void WriteHeader(Span<byte> frame, SeedOpcode opcode, byte id, uint round, byte direction)
    {
        BinaryPrimitives.WriteUInt32BigEndian(frame, (uint)(frame.Length - PrefixSize));
        Span<byte> message = frame[PrefixSize..];
        message[OpcodeOffset] = (byte)opcode;
        message[IdOffset] = id;
        BinaryPrimitives.WriteUInt32BigEndian(message[RoundOffset..], round);
        message[DirectionOffset] = direction;
    }

    /// <summary>
    /// Reads the length prefix, unsigned, and checks it against the limit before anything waits or is allocated for it.
    /// Messages that are too short are passed on, since the error codes of later versions of the original are.
    /// </summary>
    internal static FrameStatus Parse(in ReadOnlySequence<byte> buffer, int maxLength, out int frameLength)
    {
        frameLength = 0;
        if (buffer.Length < PrefixSize)
            return FrameStatus.Incomplete;

        Span<byte> prefix = stackalloc byte[PrefixSize];
        buffer.Slice(0, PrefixSize).CopyTo(prefix);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(prefix);
        if (length == 0)
            return FrameStatus.Malformed;
        if (length > (uint)maxLength)
            return FrameStatus.TooLarge;

        frameLength = PrefixSize + (int)length;
        return buffer.Length < frameLength ? FrameStatus.Incomplete : FrameStatus.Complete;
    }
}
