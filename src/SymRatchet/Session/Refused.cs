namespace SymRatchet.Session;

/// <summary>
/// The final state of a failed handshake. <paramref name="terminateFrame"/> is sent to the peer; empty to send
/// nothing.
/// </summary>
internal sealed class Refused(SecureChannelError error, string detail, ReadOnlyMemory<byte> terminateFrame = default)
    : HandshakeState
{
    internal SecureChannelError Error { get; } = error;

    internal string Detail { get; } = detail;

    internal ReadOnlyMemory<byte> TerminateFrame { get; } = terminateFrame;
}
