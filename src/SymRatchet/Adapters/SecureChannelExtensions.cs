using System.IO.Pipelines;
using SymRatchet.Adapters;

namespace SymRatchet;

/// <summary>Other faces of a channel, for code that wants bytes and not messages. As safe among threads as the channel: one reader and one writer at a time.</summary>
public static class SecureChannelExtensions
{
    private const int PipeBufferSize = ChannelStream.MaxChunk;

    /// <summary>
    /// A two-way stream over the channel. A write becomes one message, or several where it is longer than 64 KiB; a read takes what has
    /// arrived, and gives 0 after the peer's authenticated close. While the stream is used, the channel is not.
    /// </summary>
    /// <remarks>
    /// Disposing the stream closes the channel with an authenticated close, and disposes it, unless it is left open: a stream has no
    /// other way to say that all was said. After a failed or cancelled write there is no close, and the peer sees an error.
    /// <see cref="ChannelProtocol.Seed"/> exchanges one message a round, so only protocol 1 makes a useful stream.
    /// </remarks>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">Whether the channel stays open, and unclosed, when the stream is disposed.</param>
    public static Stream AsStream(this ISecureChannel channel, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return new ChannelStream(channel, leaveOpen);
    }

    /// <summary>A two-way pipe over the channel, with the rules of <see cref="AsStream"/>. The channel is closed when both halves are completed.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="leaveOpen">Whether the channel stays open, and unclosed, when the pipe is completed.</param>
    public static IDuplexPipe AsDuplexPipe(this ISecureChannel channel, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ChannelStream stream = new(channel, leaveOpen, owners: 2);
        return new ChannelDuplexPipe(
            PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: PipeBufferSize, useZeroByteReads: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: PipeBufferSize)));
    }
}
