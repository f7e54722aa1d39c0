using System.Buffers;
using System.Net;

namespace SymRatchet;

/// <summary>Represents a secure channel to one authenticated peer (docs/protocol.md, 6 and 9).</summary>
/// <remarks>
/// <para>
/// Every message is sealed under a separate key, and arrives complete, once and in order, or the channel fails. The
/// first failure is kept: every later call throws it. Disposing a channel that was not closed tells the peer that its
/// data may be incomplete; call <see cref="CloseAsync"/> after the last message.
/// </para>
/// <para>
/// Thread safety: one sending call and one receiving call may run at the same time; a second one of the same kind
/// throws <see cref="InvalidOperationException"/>. <see cref="Abort"/> and the properties may be used at any time.
/// </para>
/// </remarks>
public interface ISecureChannel : IAsyncDisposable
{
    /// <summary>Gets the phase of the channel.</summary>
    ProtocolPhase Phase { get; }

    /// <summary>Gets the peer as the handshake has proven it.</summary>
    ChannelPeer Peer { get; }

    /// <summary>
    /// Gets the remote end point: that of the underlying socket, or the one given with the stream or pipe; null if
    /// neither is known.
    /// </summary>
    /// <remarks>Unlike <see cref="Peer"/> it is not authenticated.</remarks>
    EndPoint? RemoteEndPoint { get; }

    /// <summary>Gets the largest message that can be sent or received, in bytes.</summary>
    int MaxMessageSize { get; }

    /// <summary>Gets a token that is cancelled when the channel fails, or is aborted, revoked or disposed.</summary>
    /// <remarks>
    /// An orderly close does not cancel it. Its callbacks run on the thread pool. Only pending calls detect what
    /// happens on the connection: without a pending receive or send, a lost peer is not noticed, not even by
    /// <see cref="SecureChannelOptions.KeepAliveInterval"/>. Keep a receive pending while waiting for the token.
    /// </remarks>
    CancellationToken Ended { get; }

    /// <summary>Sends a message, after those that were written before.</summary>
    /// <param name="message">The message, 0 to <see cref="MaxMessageSize"/> bytes; not kept after the call.</param>
    /// <param name="cancellationToken">
    /// Cancels the call. If the message is not sealed yet, the channel stays usable. If bytes are being sent, the
    /// channel fails with <see cref="SecureChannelError.Canceled"/>, since the peer may have half a message.
    /// </param>
    /// <exception cref="ArgumentException">The message is too large. Nothing was sent.</exception>
    /// <exception cref="InvalidOperationException">
    /// Another send is in progress, the direction is closed, or the seed protocol requires an answer first. Nothing was
    /// sent.
    /// </exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);

    /// <summary>Seals a message into the send buffer, so that many small messages share one system call.</summary>
    /// <param name="message">The message, 0 to <see cref="MaxMessageSize"/> bytes; not kept after the call.</param>
    /// <param name="cancellationToken">As for <see cref="SendAsync"/>.</param>
    /// <exception cref="ArgumentException">The message is too large. Nothing was written.</exception>
    /// <exception cref="InvalidOperationException">As for <see cref="SendAsync"/>.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <remarks>Flushes by itself once 64 KiB are buffered. Otherwise like <see cref="SendAsync"/>.</remarks>
    ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);

    /// <summary>Sends the messages that <see cref="WriteAsync"/> has buffered.</summary>
    /// <param name="cancellationToken">As for <see cref="SendAsync"/>.</param>
    /// <exception cref="InvalidOperationException">Another send is in progress, or the direction is closed.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <remarks>Waits while the peer does not read.</remarks>
    ValueTask FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>Receives one message into <paramref name="destination"/>.</summary>
    /// <param name="destination">Receives the message; advanced once, by the message's length.</param>
    /// <param name="cancellationToken">Cancels the wait; the channel stays usable and no message is lost.</param>
    /// <returns>True for a message, which may be empty; false after the peer's authenticated close.</returns>
    /// <exception cref="InvalidOperationException">Another receive is in progress.</exception>
    /// <exception cref="SecureChannelException">
    /// The channel has failed; no part of the failed message was handed out.
    /// </exception>
    /// <remarks>Only verified bytes are committed.</remarks>
    ValueTask<bool> ReceiveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken = default);

    /// <summary>Sends a PING and waits for the PONG (docs/protocol.md, 6.5).</summary>
    /// <param name="cancellationToken">Cancels the wait; the channel stays usable.</param>
    /// <returns>The round-trip time.</returns>
    /// <exception cref="InvalidOperationException">Another ping is in progress, or a direction is closed.</exception>
    /// <exception cref="NotSupportedException">The protocol has no PING.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <remarks>
    /// The PONG arrives through <see cref="ReceiveAsync"/>, so a receive must be pending on both sides. May run at the
    /// same time as a send and a receive.
    /// </remarks>
    ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);

    /// <summary>Sends the authenticated close of this direction (docs/protocol.md, 6.4).</summary>
    /// <param name="cancellationToken">As for <see cref="SendAsync"/>.</param>
    /// <exception cref="InvalidOperationException">Another send is in progress.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <remarks>The peer's messages can still be received if the protocol allows it.</remarks>
    ValueTask CloseAsync(CancellationToken cancellationToken = default);

    /// <summary>Ends the channel at once, without waiting.</summary>
    /// <remarks>
    /// Pending calls fail with <see cref="SecureChannelError.Aborted"/>, and the peer is told that its data may be
    /// incomplete. Does nothing if the channel has ended already. The channel must still be disposed.
    /// </remarks>
    void Abort();
}
