using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.Channel;

namespace SymRatchet.Streams;

/// <summary>
/// The two halves of a channel as pipes. Each is completed separately; the channel is disposed with the second.
/// </summary>
#pragma warning disable CA1001 // disposed with the second half
internal sealed class ChannelDuplexPipe : IDuplexPipe
#pragma warning restore CA1001
{
    private const int BufferSize = SecureChannelStream.MaxChunk;

    private readonly SecureChannelStream _stream;
    private int _halves = 2;

    internal ChannelDuplexPipe(ISecureChannel channel, bool leaveOpen, ArrayPool<byte> pool)
    {
        _stream = new SecureChannelStream(channel, leaveOpen, closeOnDispose: false, pool);
        ErasingMemoryPool buffers = new(pool);
        Input = new ChannelPipeReader(
            PipeReader.Create(
                _stream,
                new StreamPipeReaderOptions(buffers, BufferSize, leaveOpen: true, useZeroByteReads: true)
            ),
            _stream,
            CompletedAsync
        );
        Output = new ChannelPipeWriter(
            PipeWriter.Create(_stream, new StreamPipeWriterOptions(buffers, BufferSize, leaveOpen: true)),
            _stream,
            (channel as EstablishedChannel)?.Time ?? TimeProvider.System,
            CompletedAsync
        );
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    private Task CompletedAsync() =>
        Interlocked.Decrement(ref _halves) == 0 ? _stream.DisposeAsync().AsTask() : Task.CompletedTask;
}
