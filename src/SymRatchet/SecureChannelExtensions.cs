using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Streams;

namespace SymRatchet;

/// <summary>Provides methods that receive messages, and adapters of a channel to streams and pipes.</summary>
/// <remarks>
/// As thread-safe as the channel: one reader and one writer at a time. While an adapter is in use, do not send or
/// receive on the channel itself.
/// </remarks>
public static class SecureChannelExtensions
{
    /// <summary>Receives one message as a new array.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="cancellationToken">Cancels the wait; the channel stays usable and no message is lost.</param>
    /// <returns>The message, which may be empty; null after the peer's authenticated close.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="channel"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Another receive is in progress.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <remarks><see cref="ReadAllAsync"/> reuses one buffer for many messages.</remarks>
    public static async ValueTask<byte[]?> ReceiveMessageAsync(
        this ISecureChannel channel,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(channel);
        using ReadTarget target = new(ArrayPool<byte>.Shared);
        return await channel.ReceiveAsync(target, cancellationToken).ConfigureAwait(false)
            ? target.Rest.ToArray()
            : null;
    }

    /// <summary>Returns all messages until the peer's authenticated close.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="cancellationToken">
    /// Cancels the wait for the next message; the channel stays usable and no message is lost.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="channel"/> is null.</exception>
    /// <exception cref="InvalidOperationException">Another receive is in progress.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
    /// <remarks>
    /// Any other end is an exception. All messages share one buffer: a message is valid until the next one is
    /// requested. If the enumeration is left early, the channel stays usable.
    /// </remarks>
    public static IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllAsync(
        this ISecureChannel channel,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(channel);
        return ReadAllCoreAsync(channel, cancellationToken);
    }

    private static async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAllCoreAsync(
        ISecureChannel channel,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using ReadTarget target = new(ArrayPool<byte>.Shared);
        while (await channel.ReceiveAsync(target, cancellationToken).ConfigureAwait(false))
            yield return target.Rest;
    }

    /// <summary>Returns a duplex stream over the channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">
    /// Whether the channel stays open when the stream is disposed. Bytes that were received and not read are dropped.
    /// </param>
    /// <param name="closeOnDispose">
    /// Whether disposing sends the authenticated close, unless a write has failed. For users that frame their messages
    /// themselves and dispose at every regular end, such as an HTTP client.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="channel"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// Both <paramref name="leaveOpen"/> and <paramref name="closeOnDispose"/> are set.
    /// </exception>
    /// <remarks>
    /// Use it with protocol 1 only, since <see cref="ChannelProtocol.Seed"/> exchanges one message in each round.
    /// <see cref="SecureChannelStream.CompleteWritesAsync"/> sends the authenticated close. Disposing the stream
    /// disposes the channel without a close, because an exception that unwinds a <c>using</c> must not look like a
    /// complete stream.
    /// </remarks>
    public static SecureChannelStream AsStream(
        this ISecureChannel channel,
        bool leaveOpen = false,
        bool closeOnDispose = false
    )
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (leaveOpen && closeOnDispose)
            throw new ArgumentException("A channel cannot be left open and be closed.", nameof(closeOnDispose));
        return new SecureChannelStream(channel, leaveOpen, closeOnDispose, ArrayPool<byte>.Shared);
    }

    /// <summary>Returns a duplex pipe over the channel.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">Whether the channel stays open when both halves are completed.</param>
    /// <exception cref="ArgumentNullException"><paramref name="channel"/> is null.</exception>
    /// <remarks>
    /// Completing <see cref="IDuplexPipe.Output"/> sends the remaining bytes and the authenticated close of that
    /// direction, while <see cref="IDuplexPipe.Input"/> stays open; completing it with an exception aborts the channel.
    /// The channel is disposed when both halves are completed.
    /// </remarks>
    public static IDuplexPipe AsDuplexPipe(this ISecureChannel channel, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return new ChannelDuplexPipe(channel, leaveOpen, ArrayPool<byte>.Shared);
    }
}
