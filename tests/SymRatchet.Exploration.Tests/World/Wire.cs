using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.Exploration.Machine;

namespace SymRatchet.Exploration.World;

/// <summary>
/// One direction of a connection: a real pipe, whose completions are the scheduler's to run. Either end may go away,
/// and then the other sees what it would see of a socket: the end of the stream, or a flush that nobody takes.
/// </summary>
internal sealed class Wire
{
    private readonly Pipe _pipe;

    internal Wire(Scheduler scheduler, string name, int capacity)
    {
        _pipe = new Pipe(
            new PipeOptions(
                readerScheduler: new Completions(scheduler, $"{name}: bytes arrive"),
                writerScheduler: new Completions(scheduler, $"{name}: bytes are taken"),
                pauseWriterThreshold: capacity,
                resumeWriterThreshold: Math.Max(1, capacity / 2),
                useSynchronizationContext: false
            )
        );
        Reader = new WireReader(this, _pipe.Reader, scheduler);
        Writer = new WireWriter(this, _pipe.Writer, scheduler);
    }

    internal WireReader Reader { get; }

    internal WireWriter Writer { get; }

    internal bool IsReaderGone { get; private set; }

    internal bool IsWriterGone { get; private set; }

    internal void EndReading()
    {
        IsReaderGone = true;
        _pipe.Writer.CancelPendingFlush();
    }

    internal void EndWriting()
    {
        IsWriterGone = true;
        _pipe.Reader.CancelPendingRead();
    }

    private sealed class Completions(Scheduler scheduler, string name) : PipeScheduler
    {
        public override void Schedule(Action<object?> action, object? state) =>
            scheduler.Post(name, () => action(state));
    }
}

/// <summary>
/// The reading end. It hands out copies in memory that is its own, so that each look at the bytes is a point where
/// another step may run: also between the library's aim at a buffer and its decryption into it.
/// </summary>
internal sealed class WireReader(Wire wire, PipeReader inner, Scheduler scheduler) : PipeReader
{
    private ReadOnlySequence<byte> _held;
    private ReadOnlySequence<byte> _shown;

    /// <summary>Whether somebody waits for bytes.</summary>
    internal bool IsReading { get; private set; }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        scheduler.Yield("transport read");
        if (wire.IsWriterGone)
            return TryRead(out ReadResult rest) ? rest : new ReadResult(default, isCanceled: false, isCompleted: true);
        IsReading = true;
        try
        {
            return Show(await inner.ReadAsync(cancellationToken));
        }
        finally
        {
            IsReading = false;
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        bool any = inner.TryRead(out ReadResult read);
        result = any ? Show(read) : default;
        return any;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_shown.IsEmpty)
            inner.AdvanceTo(_held.Start, _held.End);
        else
            inner.AdvanceTo(
                _held.GetPosition(_shown.Slice(0, consumed).Length),
                _held.GetPosition(_shown.Slice(0, examined).Length)
            );
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => wire.EndReading();

    private ReadResult Show(ReadResult read)
    {
        _held = read.Buffer;
        _shown = _held.IsEmpty
            ? default
            : new ReadOnlySequence<byte>(new WatchedMemory(_held.ToArray(), scheduler).Memory);
        bool isGone = wire.IsWriterGone;
        return new ReadResult(_shown, read.IsCanceled && !isGone, read.IsCompleted || isGone);
    }
}

/// <summary>The writing end: every call is a point where another step may run.</summary>
internal sealed class WireWriter(Wire wire, PipeWriter inner, Scheduler scheduler) : PipeWriter
{
    private static readonly FlushResult NobodyReads = new(isCanceled: false, isCompleted: true);

    private bool _isCompleted;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        scheduler.Yield("transport buffer");
        return inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        scheduler.Yield("transport advance");
        inner.Advance(bytes);
    }

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        scheduler.Yield("transport flush");
        if (wire.IsReaderGone)
            return NobodyReads;
        FlushResult flushed = await inner.FlushAsync(cancellationToken);
        return wire.IsReaderGone ? NobodyReads : flushed;
    }

    public override void CancelPendingFlush() => inner.CancelPendingFlush();

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted)
            return;
        _isCompleted = true;
        inner.Complete();
    }
}

/// <summary>Memory whose every use is a point where another step may run.</summary>
internal sealed class WatchedMemory(byte[] bytes, Scheduler scheduler) : MemoryManager<byte>
{
    public override Span<byte> GetSpan()
    {
        scheduler.Yield("look at the bytes");
        return bytes;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin() { }

    protected override void Dispose(bool disposing) { }
}
