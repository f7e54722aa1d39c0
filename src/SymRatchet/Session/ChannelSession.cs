using System.Buffers;

namespace SymRatchet.Session;

/// <summary>
/// An established session without IO: bytes in, bytes out. It is the channel's only view of the protocol. The two
/// halves may be used at the same time, each by one caller at a time; keys may be erased, and the TERMINATE sealed, on
/// any thread at any time.
/// </summary>
internal abstract class ChannelSession : IFrameReader, IDisposable
{
    internal abstract ProtocolPhase Phase { get; }

    internal abstract ChannelPeer Peer { get; }

    internal abstract int MaxMessageSize { get; }

    /// <summary>
    /// Whether the stream may end here without an authenticated close; true only for a protocol that has none.
    /// </summary>
    internal abstract bool EndOfStreamIsClose { get; }

    /// <summary>The size of the largest frame that is not a message.</summary>
    internal abstract int MaxControlLength { get; }

    /// <summary>Whether the receiving half has left a reply to send.</summary>
    internal virtual bool HasReply => false;

    internal abstract int GetSealedLength(int messageLength);

    /// <summary>Seals one message and moves the sending keys forward.</summary>
    /// <returns>The length of the frame written.</returns>
    /// <exception cref="InvalidOperationException">
    /// It is not this side's turn; nothing was written and no key moved.
    /// </exception>
    internal abstract int Seal(ReadOnlySpan<byte> message, Span<byte> destination);

    /// <summary>Seals the reply that <see cref="HasReply"/> indicates.</summary>
    /// <returns>The length of the frame, or 0 if there is none.</returns>
    internal virtual int SealReply(Span<byte> destination) => 0;

    /// <summary>Whether the protocol has a PING.</summary>
    internal virtual bool SupportsPing => false;

    /// <summary>Seals a ping that the peer answers with the same token.</summary>
    /// <returns>The length of the frame, or 0 if this direction can no longer send one.</returns>
    internal virtual int SealPing(ulong token, Span<byte> destination) => 0;

    /// <summary>
    /// Seals the last frame of this direction, a close if the reason is <see cref="SecureChannelError.None"/>, and
    /// erases the sending keys.
    /// </summary>
    /// <returns>The length of the frame, or 0 if none may be sent.</returns>
    internal abstract int SealTerminate(SecureChannelError reason, Span<byte> destination);

    public abstract FrameStatus Parse(in ReadOnlySequence<byte> buffer, out int frameLength);

    /// <summary>Returns the buffer size that <see cref="Open"/> needs for a frame of this length.</summary>
    internal abstract int GetOpenedLength(int frameLength);

    /// <summary>
    /// Verifies and opens one frame. The receiving keys move only if it verifies; on failure the destination is cleared
    /// and the receiving keys are erased.
    /// </summary>
    internal abstract OpenResult Open(ReadOnlySpan<byte> frame, Span<byte> destination);

    internal abstract void EraseSendingKeys();

    internal abstract void EraseReceivingKeys();

    public void Dispose()
    {
        EraseSendingKeys();
        EraseReceivingKeys();
    }
}
