using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace SymRatchet.Adapters;

/// <summary>
/// The reading half of a channel as a pipe. The buffers are the inner reader's, and it gives them back only when no read is in
/// progress: completed during one, the read ends first, with an error and not with bytes.
/// </summary>
internal sealed class ChannelPipeReader(PipeReader inner, SecureChannelStream stream, Func<Task> completed) : PipeReader
{
    private ExclusiveUse _reading;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        Enter();
        ReadResult result = default;
        try
        {
            result = await inner.ReadAsync(cancellationToken).ConfigureAwait(false);
            // What the inner reader still holds is handed out no more than what the channel does.
            await stream.ThrowIfEndedAsync().ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }

        return result;
    }

    public override bool TryRead(out ReadResult result)
    {
        Enter();
        try
        {
            stream.ThrowIfEndedAsync().GetAwaiter().GetResult(); // completes at once
            return inner.TryRead(out result);
        }
        finally
        {
            Leave();
        }
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Enter();
        try
        {
            inner.AdvanceTo(consumed, examined);
        }
        finally
        {
            Leave();
        }
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => _ = CompleteCoreAsync();

    public override async ValueTask CompleteAsync(Exception? exception = null) => await CompleteCoreAsync().ConfigureAwait(false);

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
            throw _reading.HasEnded ? Completed() : new InvalidOperationException("Another read is in progress on this pipe.");
    }

    private void Leave()
    {
        if (!_reading.Leave())
            return;
        inner.Complete();
        throw Completed();
    }

    private static InvalidOperationException Completed() => new("The reading half of the pipe was completed.");
}
