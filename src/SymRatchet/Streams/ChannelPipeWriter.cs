using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Protocol1;

namespace SymRatchet.Streams;

/// <summary>
/// The writing half of a channel as a pipe. Completing it sends the remaining bytes and an authenticated close;
/// completing it with an exception aborts the channel. The inner writer is completed only when no flush is in
/// progress.
/// </summary>
#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
internal sealed class ChannelPipeWriter(
    PipeWriter inner,
    SecureChannelStream stream,
    TimeProvider time,
    Func<Task> completed
) : PipeWriter
#pragma warning restore CA1001
{
    // Held during a flush, and permanently by the completion.
    private readonly SemaphoreSlim _inner = new(1, 1);
    private TaskCompletionSource? _completion;
    private int _isCanceled;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => inner.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return inner.GetMemory(sizeHint);
    }

    public override Span<byte> GetSpan(int sizeHint = 0)
    {
        ThrowIfCompleted();
        return inner.GetSpan(sizeHint);
    }

    public override void Advance(int bytes)
    {
        ThrowIfCompleted();
        inner.Advance(bytes);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfCompleted();
        if (!_inner.Wait(0, CancellationToken.None))
            throw new InvalidOperationException("Another flush is in progress on this pipe.");
        try
        {
            return await FlushInnerAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _inner.Release();
        }
    }

    public override void CancelPendingFlush()
    {
        Volatile.Write(ref _isCanceled, 1);
        inner.CancelPendingFlush();
    }

    // A token that is cancelled just as its flush ends would cancel the inner writer's next flush, too; that one is
    // repeated.
    private async ValueTask<FlushResult> FlushInnerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            FlushResult flushed = await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
            if (!flushed.IsCanceled || Interlocked.Exchange(ref _isCanceled, 0) != 0)
                return flushed;
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>
    /// Completes in the background. To know that everything was sent, await <see cref="CompleteAsync(Exception)"/>.
    /// </summary>
    public override void Complete(Exception? exception = null) => _ = CompleteAsync(exception).AsTask();

    public override ValueTask CompleteAsync(Exception? exception = null)
    {
        TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _completion, completion, null) is { } earlier)
            return exception is null ? new ValueTask(earlier.Task) : GivenUpAsync(earlier.Task);
        _ = CompleteAsync(completion, exception);
        return new ValueTask(completion.Task);
    }

    // A second completion with an exception waits for the first and ignores its failure.
    private static async ValueTask GivenUpAsync(Task completion) =>
        await completion.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task CompleteAsync(TaskCompletionSource completion, Exception? exception)
    {
        try
        {
            await CompleteCoreAsync(exception).ConfigureAwait(false);
            completion.SetResult();
        }
        catch (Exception e)
        {
            completion.SetException(e);
            _ = completion.Task.Exception; // the channel is aborted; an unobserved exception is not an error
        }
    }

    private async Task CompleteCoreAsync(Exception? exception)
    {
        try
        {
            if (exception is null)
                await CloseAsync().ConfigureAwait(false);
            else
                stream.Abort();
        }
        catch
        {
            // Without an abort the peer could take the data for complete.
            stream.Abort();
            throw;
        }
        finally
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    // A peer that does not read must not block the completion: after the timeout it fails, on both sides.
    private async ValueTask CloseAsync()
    {
        using CancellationTokenSource limit = new(Limits.DrainTimeout, time);
        using CancellationTokenRegistration abort = limit.Token.UnsafeRegister(
            static stream => ((SecureChannelStream)stream!).Abort(),
            stream
        );
        await _inner.WaitAsync().ConfigureAwait(false);
        try
        {
            // A cancelled flush must not drop the remaining bytes.
            while ((await FlushInnerAsync(CancellationToken.None).ConfigureAwait(false)).IsCanceled) { }

            await stream.CompleteWritesAsync().ConfigureAwait(false);
        }
        catch (SecureChannelException) when (inner.UnflushedBytes == 0)
        {
            // All bytes were sent; that a disconnected peer gets no close is not an error of the pipe.
        }
        finally
        {
            _inner.Release();
        }
    }

    // Completed with an exception, the inner writer does not try again to send its remaining bytes.
    private async Task EndAsync()
    {
        await _inner.WaitAsync().ConfigureAwait(false);
        await inner.CompleteAsync(Ended).ConfigureAwait(false);
        await completed().ConfigureAwait(false);
    }

    private static readonly IOException Ended = new("The writing half of the pipe was completed.");

    private void ThrowIfCompleted()
    {
        if (Volatile.Read(ref _completion) is not null)
            throw new InvalidOperationException("The writing half of the pipe was completed.");
    }
}
