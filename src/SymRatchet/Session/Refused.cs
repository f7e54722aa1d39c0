namespace SymRatchet.Session;

/// <summary>
/// The other end. <paramref name="lastWord"/> is what the protocol still says to the peer; empty means silence.
/// </summary>
internal sealed class Refused(SecureChannelError error, string detail, ReadOnlyMemory<byte> lastWord = default)
    : HandshakeState
{
    internal SecureChannelError Error { get; } = error;

    internal string Detail { get; } = detail;

    internal ReadOnlyMemory<byte> LastWord { get; } = lastWord;
}
