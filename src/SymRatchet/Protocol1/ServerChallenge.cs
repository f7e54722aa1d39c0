namespace SymRatchet.Protocol1;

/// <summary>
/// SERVER_CHALLENGE (docs/protocol.md, 5.2), after the header: <c>suite u8 | evolution u8 | epoch u64 | nonce 32 |
/// extensions length u16 | extensions | mac_id 32 | mac_s 32</c>.
/// </summary>
internal readonly ref struct ServerChallenge
{
    internal const int NonceSize = 32;
    internal const int MacSize = 32;

    private const int BodySize = 1 + 1 + sizeof(ulong) + NonceSize + sizeof(ushort) + MacSize + MacSize;

    /// <summary>The whole message without extensions, header included.</summary>
    internal const int Size = FrameHeader.Size + BodySize;

    private ServerChallenge(ReadOnlySpan<byte> message) => Message = message;

    /// <summary>The whole message, header included.</summary>
    internal ReadOnlySpan<byte> Message { get; }

    internal byte Suite { get; private init; }

    internal byte Evolution { get; private init; }

    internal ulong Epoch { get; private init; }

    internal bool HasExtensions { get; private init; }

    /// <summary>What mac_id covers, after the hello: all bytes before it.</summary>
    internal ReadOnlySpan<byte> BeforeMacId => Message[..^(2 * MacSize)];

    internal ReadOnlySpan<byte> MacId => Message[^(2 * MacSize)..^MacSize];

    /// <summary>What the transcript hash covers, after the hello: all bytes before mac_s.</summary>
    internal ReadOnlySpan<byte> BeforeMacS => Message[..^MacSize];

    internal ReadOnlySpan<byte> MacS => Message[^MacSize..];

    /// <summary>Writes everything before mac_id; the caller adds both MACs.</summary>
    internal static void Write(Span<byte> message, byte suite, byte evolution, ulong epoch, ReadOnlySpan<byte> nonce)
    {
        SpanWriter writer = new(message);
        new FrameHeader(Opcode.ServerChallenge, FrameFlags.None, BodySize, Round: 0).Write(
            writer.Take(FrameHeader.Size)
        );
        writer.Byte(suite);
        writer.Byte(evolution);
        writer.UInt64(epoch);
        writer.Bytes(nonce);
        writer.UInt16(0);
    }

    /// <summary>Reads a message that was parsed successfully before.</summary>
    internal static ServerChallenge Parse(ReadOnlySpan<byte> kept) =>
        TryParse(kept, out ServerChallenge message)
            ? message
            : throw new InvalidOperationException("The message was not parsed before.");

    internal static bool TryParse(ReadOnlySpan<byte> frame, out ServerChallenge challenge)
    {
        SpanReader reader = new(frame);
        reader.Bytes(FrameHeader.Size);
        challenge = new ServerChallenge(frame)
        {
            Suite = reader.Byte(),
            Evolution = reader.Byte(),
            Epoch = reader.UInt64(),
            HasExtensions = reader.Bytes(NonceSize).Length > 0 && reader.Bytes(reader.UInt16()).Length > 0,
        };
        reader.Bytes(MacSize + MacSize);
        return reader.EndedExactly && HandshakeHeader.Is(frame, Opcode.ServerChallenge);
    }
}
