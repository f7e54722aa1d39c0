namespace SymRatchet.Protocol1;

/// <summary>Checks the header of a handshake frame: its opcode, no flags, round 0.</summary>
internal static class HandshakeHeader
{
    internal static bool Is(ReadOnlySpan<byte> frame, Opcode opcode) =>
        FrameHeader.Read(frame) is { Flags: FrameFlags.None, Round: 0 } header && header.Opcode == opcode;
}
