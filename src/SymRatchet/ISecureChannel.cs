using System.Buffers;
using System.Net;

namespace SymRatchet;

/// <summary>
/// A secure channel to one authenticated peer. Every message is sealed under a key of its own, and arrives whole, once
/// and in order, or the channel ends. Protocol 1, sections 6 (Records) and 9 (Error behaviour).
/// </summary>
/// <remarks>
/// One call that sends and one call that receives may run at the same time; a second one of the same kind throws
/// <see cref="InvalidOperationException"/>. The first failure stays: every later call throws it again. Disposing a
/// channel that was not closed tells the peer that its data may be incomplete; call <see cref="CloseAsync"/> when all
/// is said.
/// </remarks>
public interface ISecureChannel : IAsyncDisposable
{
    /// <summary>Where the channel stands.</summary>
    ProtocolPhase Phase { get; }

    /// <summary>What the handshake proved about the other side.</summary>
    ChannelPeer Peer { get; }

    /// <summary>
    /// Where the other side is: that of the socket beneath, or what was given with the stream or pipe; null where
    /// neither is known. Unlike <see cref="Peer"/> it is proven by nothing.
    /// </summary>
    EndPoint? RemoteEndPoint { get; }

    /// <summary>The largest message that can be sent or received, in bytes.</summary>
    int MaxMessageSize { get; }

    /// <summary>
    /// Gets a token that is cancelled when the channel failed, was aborted, revoked or disposed: whatever is done for
    /// this peer can stop. An orderly close does not cancel it. Its callbacks run on the thread pool.
    /// </summary>
    /// <remarks>
    /// What happens on the wire is noticed by calls that are in progress: while nobody receives or sends, a peer that
    /// is gone cancels nothing, and <see cref="SecureChannelOptions.KeepAliveInterval"/> finds no silent one. Keep a
    /// receive pending beside the wait.
    /// </remarks>
    CancellationToken Ended { get; }

    /// <summary>Seals one message and sends it, with whatever was written before.</summary>
    /// <param name="message">The message, 0 to <see cref="MaxMessageSize"/> bytes; not kept after the call.</param>
    /// <param name="cancellationToken">
    /// Cancelled before the message is sealed, it leaves the channel usable. Cancelled while bytes are on their way, it
    /// ends the channel with <see cref="SecureChannelError.Canceled"/>, since the peer may hold half a message.
    /// </param>
    /// <exception cref="ArgumentException">The message is too large. Nothing was sent.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another send is in progress, the direction is closed, or the protocol wants an answer first. Nothing was sent.
    /// </exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);

    /// <summary>
    /// Seals one message without sending it yet, so that many small ones share one system call. Sends by itself once 64
    /// KiB wait. Otherwise as <see cref="SendAsync"/>.
    /// </summary>
    /// <param name="message">The message, 0 to <see cref="MaxMessageSize"/> bytes; not kept after the call.</param>
    /// <param name="cancellationToken">As for <see cref="SendAsync"/>.</param>
    ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);

    /// <summary>Sends what <see cref="WriteAsync"/> has sealed. Waits while the peer does not read.</summary>
    /// <param name="cancellationToken">As for <see cref="SendAsync"/>.</param>
    ValueTask FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Receives one message into <paramref name="destination"/>. Nothing is written there before it was verified.
    /// </summary>
    /// <param name="destination">Takes the message; it advances by the message's length, once.</param>
    /// <param name="cancellationToken">Cancelled, it leaves the channel usable and loses nothing.</param>
    /// <returns>
    /// True for a message, which may be empty; false where the peer closed the channel and proved it.
    /// </returns>
    /// <exception cref="InvalidOperationException">Another receive is in progress.</exception>
    /// <exception cref="SecureChannelException">
    /// The channel has failed; nothing of the failed message was handed out.
    /// </exception>
    ValueTask<bool> ReceiveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken = default);

    /// <summary>
    /// Asks the peer for a sign of life. The answer arrives through <see cref="ReceiveAsync"/>, so somebody must be
    /// receiving on both sides. Only a peer that still reads answers. May run beside a send and a receive.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait; the channel stays usable.</param>
    /// <returns>How long the answer took.</returns>
    /// <exception cref="InvalidOperationException">Another ping is in progress, or a direction is closed.</exception>
    /// <exception cref="NotSupportedException">The protocol has no ping.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Tells the peer, provably, that all is said. What it still sends can be received where the protocol allows it.
    /// </summary>
    /// <param name="cancellationToken">As for <see cref="SendAsync"/>.</param>
    ValueTask CloseAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Ends the channel at once, without waiting: calls in progress fail with <see cref="SecureChannelError.Aborted"/>,
    /// and the peer learns that its data may be incomplete. Harmless where the channel has ended already. It is still
    /// to be disposed.
    /// </summary>
    void Abort();
}
