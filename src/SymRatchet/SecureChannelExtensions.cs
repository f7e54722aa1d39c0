using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Streams;

namespace SymRatchet;

/// <summary>
/// Shorter ways to receive, and other faces of a channel, for code that wants bytes and not messages. As safe among
/// threads as the channel: one reader and one writer at a time. While a face is used, the channel's own sending and
/// receiving are not.
/// </summary>
public static class SecureChannelExtensions
{
    /// <summary>
    /// Receives one message as an array of its own. Where messages are many, <see cref="ReadAllAsync"/> makes none.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="cancellationToken">Cancelled, it leaves the channel usable and loses nothing.</param>
    /// <returns>The message, which may be empty; null where the peer closed the channel and proved it.</returns>
    /// <exception cref="InvalidOperationException">Another receive is in progress.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
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

    /// <summary>
    /// Receives every message until the peer closes the channel and proves it; any other end is an exception. One
    /// buffer serves them all: a message is good until the next one is asked for. Left early, the channel stays usable.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="cancellationToken">
    /// Ends the wait for the next message; the channel stays usable and loses nothing.
    /// </param>
    /// <exception cref="InvalidOperationException">Another receive is in progress.</exception>
    /// <exception cref="SecureChannelException">The channel has failed.</exception>
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

    /// <summary>
    /// Returns a two-way stream over the channel. <see cref="ChannelProtocol.Seed"/> exchanges one message a round, so
    /// only protocol 1 makes a useful stream.
    /// </summary>
    /// <remarks>
    /// <see cref="SecureChannelStream.CompleteWritesAsync"/> tells the peer that all was said. Disposing the stream
    /// disposes the channel, and proves nothing: an exception that unwinds a <c>using</c> must not look like an end.
    /// </remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">
    /// Whether the channel stays open when the stream is disposed. What was received and not read is dropped.
    /// </param>
    /// <param name="closeOnDispose">
    /// Whether disposing closes the channel with an authenticated close, as if all had been said, unless a write
    /// failed. For users that frame their messages themselves and dispose at every ordinary end, such as an HTTP
    /// client.
    /// </param>
    /// <exception cref="ArgumentException">The stream would be left open and closed.</exception>
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

    /// <summary>
    /// Returns a two-way pipe over the channel. Completing <see cref="IDuplexPipe.Output"/> sends what is left and
    /// closes that direction with an authenticated close, while <see cref="IDuplexPipe.Input"/> goes on; completing it
    /// with an exception aborts the channel. The channel is disposed when both halves are completed.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">Whether the channel is not disposed when both halves are completed.</param>
    public static IDuplexPipe AsDuplexPipe(this ISecureChannel channel, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return new ChannelDuplexPipe(channel, leaveOpen, ArrayPool<byte>.Shared);
    }
}
