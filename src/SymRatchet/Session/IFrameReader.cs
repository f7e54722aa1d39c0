using System.Buffers;

namespace SymRatchet.Session;

/// <summary>Whoever takes frames from the wire: a handshake state that expects a message, or a session.</summary>
internal interface IFrameReader
{
    /// <summary>
    /// Looks for a frame at the start of <paramref name="buffer"/> without trusting more of it than its length.
    /// </summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="frameLength">
    /// The length of the frame, its prefix or header included, where the status is complete.
    /// </param>
    FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength);
}
