using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Protocol1;

namespace SymRatchet.Streams;

/// <summary>
/// The writing half of a channel as a pipe. Completed, it sends what is left and closes the direction with an
/// authenticated close; completed with an exception, it aborts the channel. The inner writer is completed only when no
/// flush is in progress.
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
    // Held by a flush, and for good by the completion.
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

    // A token that was cancelled as its flush ended cancels the inner writer's next flush, too, which nobody asked for.
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
    /// Completes in the background; whoever must know that all was sent completes it again and awaits that.
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

    // Whoever gives up waits for a completion that is under way, and is not told how it failed.
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
            _ = completion.Task.Exception; // the channel is aborted; nobody need ask why
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
            // What was not sent must not look as if it had been all.
            stream.Abort();
            throw;
        }
        finally
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    // A peer that takes nothing must not hold up who completes: what could not be sent in time is an error, here and
    // there.
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
            // Whoever asked a flush to be cancelled did not ask for what is left to be dropped.
            while ((await FlushInnerAsync(CancellationToken.None).ConfigureAwait(false)).IsCanceled) { }

            await stream.CompleteWritesAsync().ConfigureAwait(false);
        }
        catch (SecureChannelException) when (inner.UnflushedBytes == 0)
        {
            // What was written has been sent, and a peer that is gone hears no close: a pipe does not throw for that.
        }
        finally
        {
            _inner.Release();
        }
    }

    // With an exception the inner writer does not try again to send what is left in it.
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
