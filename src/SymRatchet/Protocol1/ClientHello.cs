namespace SymRatchet.Protocol1;

/// <summary>
/// CLIENT_HELLO (docs/protocol.md, 5.1), after the header: <c>suite count u8 | suites | evolution u8 | epoch u64 |
/// nonce 32 | id length u8 | id | extensions length u16 | extensions | proof 32 | mac 32</c>. No field is trusted until
/// the MAC has verified.
/// </summary>
internal readonly ref struct ClientHello
{
    internal const int NonceSize = 32;
    internal const int MacSize = 32;

    private ClientHello(ReadOnlySpan<byte> message) => Message = message;

    /// <summary>The whole message, header included.</summary>
    internal ReadOnlySpan<byte> Message { get; }

    internal ReadOnlySpan<byte> Suites { get; private init; }

    internal byte Evolution { get; private init; }

    internal ulong Epoch { get; private init; }

    internal ReadOnlySpan<byte> Nonce { get; private init; }

    internal ReadOnlySpan<byte> Id { get; private init; }

    internal bool HasExtensions { get; private init; }

    /// <summary>What the proof covers: all bytes before it.</summary>
    internal ReadOnlySpan<byte> BeforeProof => Message[..^(2 * MacSize)];

    internal ReadOnlySpan<byte> Proof => Message[^(2 * MacSize)..^MacSize];

    /// <summary>What the MAC covers: all bytes before it, the proof included.</summary>
    internal ReadOnlySpan<byte> BeforeMac => Message[..^MacSize];

    internal ReadOnlySpan<byte> Mac => Message[^MacSize..];

    internal static int LengthOf(int suites, int id) =>
        FrameHeader.Size + 1 + suites + 1 + sizeof(ulong) + NonceSize + 1 + id + sizeof(ushort) + MacSize + MacSize;

    /// <summary>Writes everything before the proof; the caller adds the proof and the MAC.</summary>
    internal static void Write(
        Span<byte> message,
        ReadOnlySpan<byte> suites,
        byte evolution,
        ulong epoch,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> id
    )
    {
        SpanWriter writer = new(message);
        new FrameHeader(Opcode.ClientHello, FrameFlags.None, message.Length - FrameHeader.Size, Round: 0).Write(
            writer.Take(FrameHeader.Size)
        );
        writer.Byte((byte)suites.Length);
        writer.Bytes(suites);
        writer.Byte(evolution);
        writer.UInt64(epoch);
        writer.Bytes(nonce);
        writer.Byte((byte)id.Length);
        writer.Bytes(id);
        writer.UInt16(0);
    }

    /// <summary>Reads a message that was parsed successfully before.</summary>
    internal static ClientHello Parse(ReadOnlySpan<byte> kept) =>
        TryParse(kept, out ClientHello message)
            ? message
            : throw new InvalidOperationException("The message was not parsed before.");

    internal static bool TryParse(ReadOnlySpan<byte> frame, out ClientHello hello)
    {
        SpanReader reader = new(frame);
        reader.Bytes(FrameHeader.Size);
        hello = new ClientHello(frame)
        {
            Suites = reader.Bytes(reader.Byte()),
            Evolution = reader.Byte(),
            Epoch = reader.UInt64(),
            Nonce = reader.Bytes(NonceSize),
            Id = reader.Bytes(reader.Byte()),
            HasExtensions = reader.Bytes(reader.UInt16()).Length > 0,
        };
        reader.Bytes(MacSize + MacSize);
        return reader.EndedExactly && HandshakeHeader.Is(frame, Opcode.ClientHello) && !hello.Id.IsEmpty;
    }
}
