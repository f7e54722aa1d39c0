using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace SymRatchet.Streams;

/// <summary>
/// The reading half of a channel as a pipe. The inner reader's buffers are returned only when no read is in progress
/// and no bytes are held by the caller: if it is completed during a read, that read ends first, with an error; if it is
/// completed while bytes are held, they are returned by <see cref="AdvanceTo(SequencePosition)"/>, or never.
/// </summary>
internal sealed class ChannelPipeReader(PipeReader inner, SecureChannelStream stream, Func<Task> completed) : PipeReader
{
    private ExclusiveUse _reading;
    private bool _isHeld;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        Enter();
        ReadResult result = default;
        try
        {
            result = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
            // After the channel has failed, bytes that the inner reader still holds are not handed out either.
            await stream.ThrowIfEndedAsync().ConfigureAwait(false);
            Hold(result);
        }
        finally
        {
            LeaveUnlessHeld();
        }

        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        Enter();
        try
        {
            stream.ThrowIfEndedAsync().GetAwaiter().GetResult(); // completes at once
            if (!inner.TryRead(out result))
                return false;
            Hold(result);
            return true;
        }
        finally
        {
            LeaveUnlessHeld();
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (!_isHeld)
            Enter();
        _isHeld = false;
        try
        {
            inner.AdvanceTo(consumed, examined);
        }
        finally
        {
            if (_reading.Leave())
                inner.Complete();
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _ = CompleteCoreAsync();

    public override async ValueTask CompleteAsync(Exception? exception = null) =>
        await CompleteCoreAsync().ConfigureAwait(false);

    private Task CompleteCoreAsync()
    {
        if (!_reading.TryEnd(out bool cleansUp))
            return Task.CompletedTask;
        if (cleansUp)
            inner.Complete();
        else
            inner.CancelPendingRead();
        return completed();
    }

    private void Enter()
    {
        if (!_reading.TryEnter())
            throw _reading.HasEnded
                ? Completed()
                : new InvalidOperationException("Another read is in progress on this pipe.");
    }

    // The caller holds the bytes until it calls AdvanceTo.
    private void Hold(ReadResult result) => _isHeld = !result.Buffer.IsEmpty && !_reading.HasEnded;

    private void LeaveUnlessHeld()
    {
        if (_isHeld || !_reading.Leave())
            return;
        inner.Complete();
        throw Completed();
    }

    private static InvalidOperationException Completed() => new("The reading half of the pipe was completed.");
}
