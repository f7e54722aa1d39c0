namespace SymRatchet.Protocol1;

/// <summary>CLIENT_CONFIRM (docs/protocol.md, 5.3): the header and <c>mac_c 32</c>.</summary>
internal readonly ref struct ClientConfirm
{
    internal const int MacSize = 32;

    /// <summary>The whole message, header included.</summary>
    internal const int Size = FrameHeader.Size + MacSize;

    private ClientConfirm(ReadOnlySpan<byte> message) => Message = message;

    private ReadOnlySpan<byte> Message { get; }

    internal ReadOnlySpan<byte> Header => Message[..FrameHeader.Size];

    internal ReadOnlySpan<byte> Mac => Message[FrameHeader.Size..];

    internal static void WriteHeader(Span<byte> message) =>
        new FrameHeader(Opcode.ClientConfirm, FrameFlags.None, MacSize, Round: 0).Write(message);

    internal static bool TryParse(ReadOnlySpan<byte> frame, out ClientConfirm confirm)
    {
        confirm = new ClientConfirm(frame);
        return frame.Length == Size && HandshakeHeader.Is(frame, Opcode.ClientConfirm);
    }
}
