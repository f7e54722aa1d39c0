using System.Buffers;
using System.IO.Pipelines;
using FsCheck;
using FsCheck.Xunit;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Channel;

/// <summary>However the transport cuts the stream, the messages are the same.</summary>
public sealed class SeedChunkingProperties
{
    [Property(MaxTest = 1000)]
    public async Task Any_chunking_gives_the_same_messages(NonNull<byte[]>[] messages, PositiveInt[] chunks)
    {
        ChunkedPair pipes = new([.. chunks.Select(c => c.Get)]);
        await using ChannelPair pair = await ChannelPair.OverAsync(
            pipes.Client, pipes.Server, ChannelPair.ClientOptions(ChannelProtocol.Seed), ChannelPair.ServerOptions(ChannelProtocol.Seed));
        foreach (NonNull<byte[]> message in messages)
            await pair.RoundAsync(message.Get, message.Get);
    }

    /// <summary>A connection in memory whose readers see what arrives in chunks of given sizes.</summary>
    private sealed class ChunkedPair
    {
        internal ChunkedPair(int[] chunks)
        {
            PipePair inner = new();
            Client = new End(new ChunkingReader(inner.Client.Input, chunks), inner.Client.Output);
            Server = new End(new ChunkingReader(inner.Server.Input, chunks), inner.Server.Output);
        }

        internal IDuplexPipe Client { get; }

        internal IDuplexPipe Server { get; }

        private sealed record End(PipeReader Input, PipeWriter Output) : IDuplexPipe;
    }

    /// <summary>Shows a reader's bytes a chunk at a time, as a slow network would.</summary>
    private sealed class ChunkingReader(PipeReader inner, int[] chunks) : PipeReader
    {
        private ReadOnlySequence<byte> _buffer;
        private long _shown;
        private int _next;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            ReadResult read = await inner.ReadAsync(cancellationToken);
            _buffer = read.Buffer;
            _shown = Math.Min(_buffer.Length, _shown + (chunks.Length == 0 ? 1 : chunks[_next++ % chunks.Length]));
            return new ReadResult(_buffer.Slice(0, _shown), read.IsCanceled, read.IsCompleted && _shown == _buffer.Length);
        }

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
        {
            _shown -= _buffer.Slice(0, consumed).Length;

            // What was not shown yet was not examined either, whatever the caller says of what it saw.
            inner.AdvanceTo(consumed, _buffer.Slice(0, _buffer.GetPosition(0, examined)).Length < _buffer.Length ? consumed : examined);
        }

        public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

        public override void CancelPendingRead() => inner.CancelPendingRead();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }
}
