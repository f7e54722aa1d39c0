using System.Buffers.Binary;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>
/// What the attacker knows of a protocol: where frames end and where their fields are. It is read off the
/// specification; nothing of the library is used.
/// </summary>
public abstract class WireFormat
{
    public const byte DataOpcode = 30;
    public const byte AnswerOpcode = 40;

    public static WireFormat Of(ChannelProtocol protocol) =>
        protocol == ChannelProtocol.Seed ? new SeedWireFormat() : new V1WireFormat();

    public abstract ChannelProtocol Protocol { get; }

    /// <summary>The bytes from which the length of a frame is known.</summary>
    public abstract int PrefixSize { get; }

    public abstract int OpcodeOffset { get; }

    public abstract int BodyOffset { get; }

    /// <summary>Client frames before the first data: hello, or hello and confirm.</summary>
    public abstract int ClientFramesBeforeData { get; }

    /// <summary>The fields of the header: where they are, and what is turned over in them.</summary>
    public abstract IReadOnlyList<HeaderField> HeaderFields { get; }

    public abstract int FrameLength(ReadOnlySpan<byte> prefix);

    /// <summary>Writes a length into a frame, whatever its true one is.</summary>
    public abstract void SetLength(Span<byte> frame, uint length);

    public abstract ulong Round(ReadOnlySpan<byte> frame);

    public abstract void SetRound(Span<byte> frame, ulong round);

    public byte Opcode(ReadOnlySpan<byte> frame) => frame[OpcodeOffset];

    public bool IsAnswer(ReadOnlySpan<byte> frame) => Opcode(frame) == AnswerOpcode;

    /// <summary>Makes a frame of the server look like data of the client.</summary>
    public abstract void PretendFromClient(Span<byte> frame);

    private protected static uint ReadLength(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
