using System.Buffers;

namespace SymRatchet.Session;

/// <summary>Waits for a frame of the peer.</summary>
internal abstract class FrameExpected : HandshakeState, IFrameReader
{
    public abstract FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength);

    /// <summary>
    /// Derives what the next step needs while the peer is at work. Called before the wait for the frame, at most once;
    /// without it, <see cref="Receive"/> derives the same.
    /// </summary>
    internal virtual void Prepare() { }

    internal abstract HandshakeState Receive(ReadOnlySpan<byte> frame);
}
