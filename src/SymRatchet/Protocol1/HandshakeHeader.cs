namespace SymRatchet.Protocol1;

/// <summary>What every handshake frame's header must be: its opcode, no flags, round 0.</summary>
internal static class HandshakeHeader
{
    internal static bool Is(ReadOnlySpan<byte> frame, Opcode opcode) =>
        FrameHeader.Read(frame) is { Flags: FrameFlags.None, Round: 0 } header && header.Opcode == opcode;
}
