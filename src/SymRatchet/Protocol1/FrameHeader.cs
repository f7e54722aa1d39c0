using System.Buffers;
using System.Buffers.Binary;
using SymRatchet.Session;

namespace SymRatchet.Protocol1;

/// <summary>
/// The header of every frame of protocol 1 (docs/protocol.md, 4), 16 bytes, big-endian: <c>opcode u8 | flags u8 |
/// version u8 | reserved u8 | body length u32 | round u64</c>.
/// </summary>
/// <remarks>
/// A frame is a header and its body. The body of a handshake message is plain fields with MACs; the body of a record is
/// a ciphertext and its tag. A message is what the application sends: the plaintext of one data record, without its
/// padding.
/// </remarks>
internal readonly record struct FrameHeader(Opcode Opcode, FrameFlags Flags, int BodyLength, ulong Round)
{
    internal const int Size = 16;
    internal const byte Version = 1;

    private const int FlagsOffset = 1;
    private const int VersionOffset = 2;
    private const int ReservedOffset = 3;
    private const int LengthOffset = 4;
    private const int RoundOffset = 8;

    internal void Write(Span<byte> destination)
    {
        destination[0] = (byte)Opcode;
        destination[FlagsOffset] = (byte)Flags;
        destination[VersionOffset] = Version;
        destination[ReservedOffset] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(destination[LengthOffset..], (uint)BodyLength);
        BinaryPrimitives.WriteUInt64BigEndian(destination[RoundOffset..], Round);
    }

    /// <summary>Reads the header of a frame whose length has been checked.</summary>
    internal static FrameHeader Read(ReadOnlySpan<byte> frame) =>
        new(
            (Opcode)frame[0],
            (FrameFlags)frame[FlagsOffset],
            (int)BinaryPrimitives.ReadUInt32BigEndian(frame[LengthOffset..]),
            BinaryPrimitives.ReadUInt64BigEndian(frame[RoundOffset..])
        );

    /// <summary>
    /// Finds the frame at the start of a buffer. Bytes that are not protocol 1 are rejected without waiting for a whole
    /// header. If the receiver does not accept the opcode, the header alone counts as the frame, to be rejected without
    /// waiting for its body. Then the length, unsigned, is checked against the limit before anything waits or is
    /// allocated for it.
    /// </summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="accepted">The opcodes that the receiver accepts, as bits; all opcodes are below 64.</param>
    /// <param name="maxBody">The largest body that it accepts.</param>
    /// <param name="frameLength">The length of the frame, if the status is complete.</param>
    internal static FrameStatus Parse(
        in ReadOnlySequence<byte> buffer,
        ulong accepted,
        int maxBody,
        out int frameLength
    )
    {
        if (buffer.FirstSpan.Length >= Size)
            return Parse(buffer.FirstSpan, buffer.Length, accepted, maxBody, out frameLength);

        Span<byte> header = stackalloc byte[Size];
        header = header[..(int)Math.Min(Size, buffer.Length)];
        buffer.Slice(0, header.Length).CopyTo(header);
        return Parse(header, buffer.Length, accepted, maxBody, out frameLength);
    }

    private static FrameStatus Parse(
        ReadOnlySpan<byte> header,
        long available,
        ulong accepted,
        int maxBody,
        out int frameLength
    )
    {
        frameLength = 0;
        if (header.Length > 0 && header[0] is < (byte)Opcode.ClientHello or > (byte)Opcode.Pong)
            return FrameStatus.Malformed;
        if (
            (header.Length > VersionOffset && header[VersionOffset] != Version)
            || (header.Length > ReservedOffset && header[ReservedOffset] != 0)
        )
            return FrameStatus.Malformed;
        if (header.Length < Size)
            return FrameStatus.Incomplete;

        frameLength = Size;
        if ((accepted & (1UL << header[0])) == 0)
            return FrameStatus.Complete;

        uint body = BinaryPrimitives.ReadUInt32BigEndian(header[LengthOffset..]);
        if (body > (uint)maxBody)
            return FrameStatus.TooLarge;

        frameLength += (int)body;
        return available < frameLength ? FrameStatus.Incomplete : FrameStatus.Complete;
    }
}
