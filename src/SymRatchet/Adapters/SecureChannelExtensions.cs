using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.Adapters;

namespace SymRatchet;

/// <summary>
/// Other faces of a channel, for code that wants bytes and not messages. As safe among threads as the channel: one reader and one
/// writer at a time. While a face is used, the channel's own sending and receiving are not.
/// </summary>
public static class SecureChannelExtensions
{
    /// <summary>
    /// Returns a two-way stream over the channel. <see cref="ChannelProtocol.Seed"/> exchanges one message a round, so only protocol 1
    /// makes a useful stream.
    /// </summary>
    /// <remarks>
    /// <see cref="SecureChannelStream.CompleteWritesAsync"/> tells the peer that all was said. Disposing the stream disposes the
    /// channel, and proves nothing: an exception that unwinds a <c>using</c> must not look like an end.
    /// </remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">Whether the channel stays open when the stream is disposed. What was received and not read is dropped.</param>
    /// <param name="closeOnDispose">
    /// Whether disposing closes the channel with an authenticated close, as if all had been said, unless a write failed. For users that
    /// frame their messages themselves and dispose at every ordinary end, such as an HTTP client.
    /// </param>
    /// <exception cref="ArgumentException">The stream would be left open and closed.</exception>
    public static SecureChannelStream AsStream(this ISecureChannel channel, bool leaveOpen = false, bool closeOnDispose = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (leaveOpen && closeOnDispose)
            throw new ArgumentException("A channel cannot be left open and be closed.", nameof(closeOnDispose));
        return new SecureChannelStream(channel, leaveOpen, closeOnDispose, ArrayPool<byte>.Shared);
    }

    /// <summary>
    /// Returns a two-way pipe over the channel. Completing <see cref="IDuplexPipe.Output"/> sends what is left and closes that
    /// direction with an authenticated close, while <see cref="IDuplexPipe.Input"/> goes on; completing it with an exception aborts
    /// the channel. The channel is disposed when both halves are completed.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">Whether the channel is not disposed when both halves are completed.</param>
    public static IDuplexPipe AsDuplexPipe(this ISecureChannel channel, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return new ChannelDuplexPipe(channel, leaveOpen, ArrayPool<byte>.Shared);
    }
}
