using System.Buffers;

namespace SymRatchet.Session;

/// <summary>Waits for a frame of the peer.</summary>
internal abstract class FrameExpected : HandshakeState, IFrameReader
{
    public abstract FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength);

    internal abstract HandshakeState Receive(ReadOnlySpan<byte> frame);
}
