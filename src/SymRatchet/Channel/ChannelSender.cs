using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Diagnostics;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// The sending half. One at a time holds the writer: a call of the owner, the outbox, or a flush that was left behind.
/// What the rest of the channel has to say (PING, PONG, TERMINATE) is posted to the outbox, one slot each, and leaves
/// with the next flush or by itself; whoever posts never waits.
/// </summary>
#pragma warning disable CA1001 // without a timer or a wait handle there is nothing to dispose
internal sealed class ChannelSender
#pragma warning restore CA1001
{
    private const int Idle = 0;
    private const int Calling = 1;

    private readonly PipeWriter _output;
    private readonly ChannelSession _session;
    private readonly ChannelLifetime _lifetime;
    private readonly Action<SecureChannelException, SecureChannelError?> _fail;
    private readonly TransportOperation<FlushResult> _flush;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _call;
    private int _unflushed;
    private Ping? _ping;
    private byte[]? _terminate;
    private bool _hasEnded;
    private bool _isBroken;
    private bool _isFinished;

    /// <param name="output">Where the frames go.</param>
    /// <param name="session">Seals them.</param>
    /// <param name="lifetime">The end that is shared with the receiver.</param>
    /// <param name="fail">Ends the channel, and tells the peer the second, where it is one.</param>
    internal ChannelSender(
        PipeWriter output,
        ChannelSession session,
        ChannelLifetime lifetime,
        Action<SecureChannelException, SecureChannelError?> fail
    )
    {
        _output = output;
        _session = session;
        _lifetime = lifetime;
        _fail = fail;
        _flush = new TransportOperation<FlushResult>(FlushCameBack);
    }

    /// <summary>
    /// Completed once nothing more is written: after the channel ended, and its last frame left or never will.
    /// </summary>
    internal Task Finished => _finished.Task;

    /// <summary>Completed once this side's close has left, or could not.</summary>
    internal Task Closed => _closed.Task;

    private bool HasOutbox =>
        (Volatile.Read(ref _hasEnded) && !Volatile.Read(ref _isFinished))
        || Volatile.Read(ref _ping) is not null
        || _session.HasReply;

    // Asked by the holder of the writer.
    private bool IsSilentEnd => Volatile.Read(ref _hasEnded) && (_isBroken || _terminate is null);

    /// <summary>Seals a message, and sends it where it is to be sent, or where enough has come together.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask SendAsync(ReadOnlyMemory<byte> message, bool flush, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Seal(message.Span);
            ChannelMetrics.MessageSent(message.Length);
            if (flush || _unflushed >= Limits.FlushThreshold)
                await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Sends what was sealed.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Says that all was said.</summary>
    internal async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SealOutbox();
            Write(_session.SealTerminate(SecureChannelError.None, GetRoom(_session.MaxControlLength)));
            _lifetime.TryClose(ChannelEvent.OwnClose);
            await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SecureChannelException e)
            when (e.Error == SecureChannelError.Transport && _lifetime.State == ChannelState.Closed)
        {
            // The peer has said all, and is gone: it needs no close, and nothing has failed.
        }
        catch (Exception e)
        {
            _closed.TrySetException(e);
            _ = _closed.Task.Exception; // whoever closes again is told
            throw;
        }
        finally
        {
            _closed.TrySetResult();
            Exit();
        }
    }

    /// <summary>Posts a ping; one that has not left yet is replaced.</summary>
    internal void Post(Ping ping)
    {
        Interlocked.Exchange(ref _ping, ping);
        StartOutbox();
    }

    /// <summary>Posts a ping that nobody waits for, unless another has not left yet, which serves as well.</summary>
    internal void PostIfNone(Ping ping)
    {
        if (Interlocked.CompareExchange(ref _ping, ping, null) is null)
            StartOutbox();
    }

    /// <summary>Posts the answer that the session has for the peer's last ping.</summary>
    internal void PostReply() => StartOutbox();

    /// <summary>
    /// Called once when the channel has ended: seals the TERMINATE, erases the keys and releases whoever waits. Whoever
    /// holds the writer, now or next, writes the frame and finishes.
    /// </summary>
    /// <param name="reason">What the peer is told; null for nothing.</param>
    internal void End(SecureChannelError? reason)
    {
        if (reason is { } told)
        {
            byte[] frame = new byte[_session.MaxControlLength];
            int length = _session.SealTerminate(told, frame);
            _terminate = length == 0 ? null : frame[..length];
        }

        _session.EraseSendingKeys();
        Volatile.Write(ref _hasEnded, true);
        _flush.End();
        StartOutbox();
    }

    private async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _call, Calling) == Calling)
            throw new InvalidOperationException("Another send is in progress on this channel.");
        try
        {
            ThrowIfOver();
            if (!_writer.Wait(0, CancellationToken.None))
                await WaitForWriterAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Volatile.Write(ref _call, Idle);
            throw;
        }
    }

    private async ValueTask WaitForWriterAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lifetime.Ended);
        try
        {
            await _writer.WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested || _lifetime.IsEnded)
        {
            _lifetime.ThrowIfEnded();
            throw;
        }
    }

    private void Exit()
    {
        Volatile.Write(ref _call, Idle);
        if (!_flush.LeaveBehind())
            ReleaseWriter();
    }

    private void ThrowIfOver()
    {
        _lifetime.ThrowIfEnded();
        if (_lifetime.IsClosedHere)
            throw new InvalidOperationException("The channel was closed by this side; nothing more can be sent.");
    }

    private void Seal(ReadOnlySpan<byte> message)
    {
        ThrowIfOver();
        Span<byte> frame = GetRoom(_session.GetSealedLength(message.Length));
        int length;
        try
        {
            length = _session.Seal(message, frame);
        }
        catch (InvalidOperationException)
        {
            // It may be the channel's end that came between, and took the keys.
            _lifetime.ThrowIfEnded();
            throw;
        }

        // What was sealed is written, whatever has happened meanwhile: the frame after it follows from it.
        Write(length);
    }

    private Span<byte> GetRoom(int length)
    {
        try
        {
            return _output.GetSpan(length);
        }
        catch (Exception e)
        {
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }
    }

    private void Write(int length)
    {
        try
        {
            _output.Advance(length);
        }
        catch (Exception e)
        {
            // A frame was sealed that will never be sent, and those after it could not be opened.
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }

        _unflushed += length;
    }

    // For a call of the owner, which the end of the channel or its own token releases while the transport goes on.
    private async ValueTask FlushOutputAsync(CancellationToken cancellationToken)
    {
        _lifetime.ThrowIfEnded();
        FlushResult flushed;
        try
        {
            SealOutbox();
            _unflushed = 0;
            _flush.Begin(_output.FlushAsync(_lifetime.Stopping));
            flushed = await _flush.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && _flush.HasOperation)
        {
            // A part of a frame may be on its way, and what would follow it must not begin it again. The flush goes on:
            // where all of it leaves, the peer is told.
            if (_lifetime.State != ChannelState.Closed)
                _fail(SecureChannelException.Of(SecureChannelError.Canceled, "in a send"), SecureChannelError.Aborted);
            throw;
        }
        catch (Exception e)
        {
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }

        _lifetime.ThrowIfEnded();
        if (WhyFailed(flushed) is { } detail)
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, detail));
    }

    // A transport that failed, or took a part of a frame, takes nothing more. The first failure stays.
    private SecureChannelException Fail(SecureChannelException failure)
    {
        _isBroken = true;
        if (_lifetime.State != ChannelState.Closed)
            _fail(failure, null);
        _lifetime.ThrowIfEnded();
        return failure;
    }

    private static string? WhyFailed(FlushResult flushed) =>
        flushed.IsCompleted ? "the peer no longer reads"
        : flushed.IsCanceled ? "the flush was cancelled"
        : null;

    private void FlushCameBack(FlushResult flushed, Exception? failure)
    {
        _isBroken |= failure is not null || WhyFailed(flushed) is not null;
        ReleaseWriter();
    }

    // What is posted while the writer is held is found by its holder when it lets go, so nothing is lost between the
    // two.
    private void ReleaseWriter()
    {
        _writer.Release();
        StartOutbox();
    }

    private void StartOutbox()
    {
        if (!HasOutbox || !_writer.Wait(0, CancellationToken.None))
            return;
        if (IsSilentEnd)
            Finish();
        else
            ThreadPool.QueueUserWorkItem(static sender => _ = sender.RunOutboxAsync(), this, preferLocal: false);
    }

    // Whoever queued it holds the writer.
    private async Task RunOutboxAsync()
    {
        try
        {
            SealOutbox();
            WriteTerminate();
            if (_unflushed > 0 && !_isBroken)
            {
                _unflushed = 0;
                FlushResult flushed = await _output.FlushAsync(_lifetime.Stopping).ConfigureAwait(false);
                if (WhyFailed(flushed) is { } detail)
                    BreakOutbox(SecureChannelException.Of(SecureChannelError.Transport, detail));
            }
        }
        catch (Exception e)
        {
            BreakOutbox(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }

        // The end may have come during the flush, and its last frame is still to be written.
        if (IsSilentEnd)
            Finish();
        else
            ReleaseWriter();
    }

    // A peer that has said all and is gone hears no PONG: what it said stands.
    private void BreakOutbox(SecureChannelException failure)
    {
        _isBroken = true;
        if (!_lifetime.IsClosedByPeer)
            _fail(failure, null);
    }

    private void SealOutbox()
    {
        if (Interlocked.Exchange(ref _ping, null) is { } ping)
        {
            int length = _session.SealPing(ping.Token, _output.GetSpan(_session.MaxControlLength));
            Write(length);
            if (length == 0 && !_lifetime.IsEnded) // whoever ends the channel fails it with the reason
                ping.Fail(new InvalidOperationException("This direction of the channel takes no ping any more."));
        }

        if (_session.HasReply)
            Write(_session.SealReply(_output.GetSpan(_session.MaxControlLength)));
    }

    private void WriteTerminate()
    {
        if (!Volatile.Read(ref _hasEnded) || _isBroken || _terminate is not { } frame)
            return;
        _terminate = null;
        _output.Write(frame);
        _unflushed += frame.Length;
    }

    // The writer is never let go again.
    private void Finish()
    {
        Volatile.Write(ref _isFinished, true);
        _lifetime.Stop();
        _finished.TrySetResult();
    }
}
