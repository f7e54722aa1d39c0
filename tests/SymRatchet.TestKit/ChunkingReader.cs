using System.Buffers;
using System.IO.Pipelines;

namespace SymRatchet.TestKit;

/// <summary>Shows a reader's bytes a chunk at a time, as a slow network would.</summary>
internal sealed class ChunkingReader(PipeReader inner, int[] chunks) : PipeReader
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
        inner.AdvanceTo(
            consumed,
            _buffer.Slice(0, _buffer.GetPosition(0, examined)).Length < _buffer.Length ? consumed : examined
        );
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);
}
