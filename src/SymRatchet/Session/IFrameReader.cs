using System.Buffers;

namespace SymRatchet.Session;

/// <summary>A consumer of frames: a handshake state that expects a message, or a session.</summary>
internal interface IFrameReader
{
    /// <summary>Looks for a frame at the start of <paramref name="buffer"/>; only its length is evaluated.</summary>
    /// <param name="buffer">What has arrived.</param>
    /// <param name="frameLength">
    /// The length of the frame, its prefix or header included, if the status is complete.
    /// </param>
    FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength);
}
