using System.Buffers.Binary;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>opcode u8 | flags u8 | version u8 | reserved u8 | body length u32 | round u64 | body</summary>
internal sealed class V1WireFormat : WireFormat
{
    private const int LengthOffset = 4;
    private const int RoundOffset = 8;

    public override ChannelProtocol Protocol => ChannelProtocol.V1;

    public override int PrefixSize => 16;

    public override int OpcodeOffset => 0;

    public override int BodyOffset => 16;

    public override int ClientFramesBeforeData => 2;

    // The length is made smaller: a larger one only makes the server wait for bytes that do not come.
    public override IReadOnlyList<HeaderField> HeaderFields { get; } =
    [
        new("opcode", 0, 0x20),
        new("flags", 1, 1),
        new("version", 2, 2),
        new("reserved", 3, 1),
        new("length", 7, 2),
        new("round", 15, 4),
    ];

    public override int FrameLength(ReadOnlySpan<byte> prefix) =>
        checked((int)(16 + ReadLength(prefix[LengthOffset..])));

    public override ulong Round(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt64BigEndian(frame[RoundOffset..]);

    public override void SetRound(Span<byte> frame, ulong round) =>
        BinaryPrimitives.WriteUInt64BigEndian(frame[RoundOffset..], round);

    public override void SetLength(Span<byte> frame, uint length) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame[LengthOffset..], length);

    public override void PretendFromClient(Span<byte> frame) => frame[OpcodeOffset] = DataOpcode;
}
