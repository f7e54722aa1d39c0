using System.Buffers.Binary;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>length u32 | opcode u8 | client id u8 | round u32 | direction u8 | IV 16 | ciphertext | HMAC 32</summary>
internal sealed class SeedWireFormat : WireFormat
{
    private const int RoundOffset = 6;
    private const int DirectionOffset = 10;

    public override ChannelProtocol Protocol => ChannelProtocol.Seed;

    public override int PrefixSize => 4;

    public override int OpcodeOffset => 4;

    public override int BodyOffset => 27;

    public override int ClientFramesBeforeData => 1;

    public override IReadOnlyList<HeaderField> HeaderFields { get; } =
    [
        new("length", 3, 1),
        new("opcode", 4, 0x20),
        new("client id", 5, 2),
        new("round", 9, 4),
        new("direction", DirectionOffset, 3),
        new("IV", 11, 1),
    ];

    public override int FrameLength(ReadOnlySpan<byte> prefix) => checked((int)(4 + ReadLength(prefix)));

    public override ulong Round(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32BigEndian(frame[RoundOffset..]);

    public override void SetRound(Span<byte> frame, ulong round) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame[RoundOffset..], (uint)round);

    public override void SetLength(Span<byte> frame, uint length) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame, length);

    public override void PretendFromClient(Span<byte> frame)
    {
        frame[OpcodeOffset] = DataOpcode;
        frame[DirectionOffset] = 1;
    }
}
