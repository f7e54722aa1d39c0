using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Diagnostics;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// The sending half. The writer has one holder at a time: a call of the owner, the outbox, or an abandoned flush.
/// Control frames (PING, PONG, TERMINATE) are posted to the outbox, one slot each, and are sent with the next flush or
/// by themselves; posting never waits.
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
    private readonly Action<SecureChannelException, SecureChannelError?> _endChannel;
    private readonly TransportOperation<FlushResult> _flush;
    private readonly SemaphoreSlim _writer = new(1, 1);

    // This side's close was sent, or could not be.
    private Completion _closed;

    // Nothing more is written.
    private Completion _finished;
    private int _call;
    private int _unflushed;
    private Ping? _ping;
    private byte[]? _terminate;
    private bool _hasEnded; // End was called, so _terminate has its final value
    private bool _isBroken; // the transport failed and is not written to again; for the holder of the writer only
    private bool _isFinished; // the writer is kept for good

    /// <param name="output">Where the frames go.</param>
    /// <param name="session">Seals them.</param>
    /// <param name="lifetime">The end that is shared with the receiver.</param>
    /// <param name="endChannel">
    /// Ends the channel. The first argument is what every later call throws, and the second is the reason that is sent
    /// to the peer: null sends nothing.
    /// </param>
    internal ChannelSender(
        PipeWriter output,
        ChannelSession session,
        ChannelLifetime lifetime,
        Action<SecureChannelException, SecureChannelError?> endChannel
    )
    {
        _output = output;
        _session = session;
        _lifetime = lifetime;
        _endChannel = endChannel;
        _flush = new TransportOperation<FlushResult>(OnAbandonedFlushCompleted);
    }

    /// <summary>
    /// Completed once nothing more is written: the channel has ended, and its TERMINATE was sent or never will be.
    /// </summary>
    internal Task Finished => _finished.AsTask();

    /// <summary>Completed once this side's close was sent, or could not be.</summary>
    internal Task Closed => _closed.AsTask();

    private bool HasOutboxWork =>
        (Volatile.Read(ref _hasEnded) && !Volatile.Read(ref _isFinished))
        || Volatile.Read(ref _ping) is not null
        || _session.HasReply;

    // Read by the holder of the writer only.
    private bool HasNothingLeftToWrite => Volatile.Read(ref _hasEnded) && (_isBroken || _terminate is null);

    /// <summary>
    /// Seals a message, and sends it if <paramref name="flush"/> is set or enough bytes are buffered.
    /// </summary>
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

    /// <summary>Sends the sealed frames.</summary>
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

    /// <summary>Sends the authenticated close.</summary>
    internal async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            SealPingAndPong();
            Commit(_session.SealTerminate(SecureChannelError.None, GetBuffer(_session.MaxControlLength)));
            _lifetime.TryClose(ChannelEvent.OwnClose);
            await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SecureChannelException e)
            when (e.Error == SecureChannelError.Transport && _lifetime.State == ChannelState.Closed)
        {
            // The peer had closed its direction before it disconnected: everything has arrived, and it needs no close.
        }
        catch (Exception e)
        {
            _closed.Fail(e);
            throw;
        }
        finally
        {
            _closed.Complete();
            Exit();
        }
    }

    /// <summary>Posts a ping, in place of one that was not sent yet.</summary>
    internal void Post(Ping ping)
    {
        Interlocked.Exchange(ref _ping, ping);
        StartOutbox();
    }

    /// <summary>Posts a keep-alive ping, unless another one is still to be sent, which serves as well.</summary>
    internal void PostIfNone(Ping ping)
    {
        if (Interlocked.CompareExchange(ref _ping, ping, null) is null)
            StartOutbox();
    }

    /// <summary>Posts the PONG for the peer's last PING.</summary>
    internal void PostReply() => StartOutbox();

    /// <summary>
    /// Seals the TERMINATE, erases the keys and releases waiting calls; called once, when the channel has ended. The
    /// present or next holder of the writer writes the frame.
    /// </summary>
    /// <param name="reason">The reason sent to the peer; null to send nothing.</param>
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
            ThrowIfClosed();
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
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lifetime.Ended);
        try
        {
            await _writer.WaitAsync(linked.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested || _lifetime.IsEnded)
        {
            // The channel's end takes precedence over the caller's token.
            _lifetime.ThrowIfEnded();
            throw;
        }
    }

    private void Exit()
    {
        Volatile.Write(ref _call, Idle);
        if (!_flush.Abandon()) // a flush that is still pending releases the writer when it completes
            ReleaseWriter();
    }

    private void ThrowIfClosed()
    {
        _lifetime.ThrowIfEnded();
        if (_lifetime.IsClosedHere)
            throw new InvalidOperationException("The channel was closed by this side; nothing more can be sent.");
    }

    private void Seal(ReadOnlySpan<byte> message)
    {
        ThrowIfClosed();
        Span<byte> frame = GetBuffer(_session.GetSealedLength(message.Length));
        int length;
        try
        {
            length = _session.Seal(message, frame);
        }
        catch (InvalidOperationException)
        {
            // The channel may have ended meanwhile, which erases the keys.
            _lifetime.ThrowIfEnded();
            throw;
        }

        // A sealed frame is always written: the ratchet has moved, and the next frame depends on it.
        Commit(length);
    }

    private Span<byte> GetBuffer(int length)
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

    private void Commit(int length)
    {
        try
        {
            _output.Advance(length);
        }
        catch (Exception e)
        {
            // The sealed frame will never be sent, so the peer could not open the frames after it.
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }

        _unflushed += length;
    }

    // For the owner's calls: the end of the channel or the call's token releases the caller; the transport continues.
    private async ValueTask FlushOutputAsync(CancellationToken cancellationToken)
    {
        _lifetime.ThrowIfEnded();
        FlushResult flushed;
        try
        {
            SealPingAndPong();
            _unflushed = 0;
            _flush.Begin(_output.FlushAsync(_lifetime.Stopping));
            flushed = await _flush.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && _flush.HasOperation)
        {
            // A part of a frame may have been sent, and it must not be sent again. The flush continues; if it
            // completes, the TERMINATE follows. After both closes nothing is left to send, and the close has succeeded.
            if (_lifetime.State != ChannelState.Closed)
                _endChannel(
                    SecureChannelException.Of(SecureChannelError.Canceled, "in a send"),
                    SecureChannelError.Aborted
                );
            throw;
        }
        catch (Exception e)
        {
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }

        _lifetime.ThrowIfEnded();
        if (DescribeFailure(flushed) is { } detail)
            throw Fail(SecureChannelException.Of(SecureChannelError.Transport, detail));
    }

    // A transport that failed, perhaps within a frame, is not written to again. The first failure is kept. After both
    // closes the channel has not failed: everything has arrived.
    private SecureChannelException Fail(SecureChannelException failure)
    {
        _isBroken = true;
        if (_lifetime.State != ChannelState.Closed)
            _endChannel(failure, null);
        _lifetime.ThrowIfEnded();
        return failure;
    }

    private static string? DescribeFailure(FlushResult flushed) =>
        flushed.IsCompleted ? "the peer no longer reads"
        : flushed.IsCanceled ? "the flush was cancelled"
        : null;

    private void OnAbandonedFlushCompleted(FlushResult flushed, Exception? failure)
    {
        _isBroken |= failure is not null || DescribeFailure(flushed) is not null;
        ReleaseWriter();
    }

    // The holder checks the outbox after it has released the writer, so nothing that was posted meanwhile is missed.
    private void ReleaseWriter()
    {
        _writer.Release();
        StartOutbox();
    }

    private void StartOutbox()
    {
        if (!HasOutboxWork || !_writer.Wait(0, CancellationToken.None))
            return;
        if (HasNothingLeftToWrite)
            Finish();
        else
            ThreadPool.QueueUserWorkItem(static sender => _ = sender.RunOutboxAsync(), this, preferLocal: false);
    }

    // The writer is held by whoever queued this.
    private async Task RunOutboxAsync()
    {
        try
        {
            SealPingAndPong();
            WriteTerminate();
            if (_unflushed > 0 && !_isBroken)
            {
                _unflushed = 0;
                FlushResult flushed = await _output.FlushAsync(_lifetime.Stopping).ConfigureAwait(false);
                if (DescribeFailure(flushed) is { } detail)
                    FailOutbox(SecureChannelException.Of(SecureChannelError.Transport, detail));
            }
        }
        catch (Exception e)
        {
            FailOutbox(SecureChannelException.Of(SecureChannelError.Transport, e.Message, e));
        }

        // The channel may have ended during the flush, with its TERMINATE still to be written.
        if (HasNothingLeftToWrite)
            Finish();
        else
            ReleaseWriter();
    }

    // A peer that has closed its direction may disconnect before the PONG; its data is complete all the same.
    private void FailOutbox(SecureChannelException failure)
    {
        _isBroken = true;
        if (!_lifetime.IsClosedByPeer)
            _endChannel(failure, null);
    }

    private void SealPingAndPong()
    {
        if (Interlocked.Exchange(ref _ping, null) is { } ping)
        {
            int length = _session.SealPing(ping.Token, _output.GetSpan(_session.MaxControlLength));
            Commit(length);
            if (length == 0 && !_lifetime.IsEnded) // the end of the channel fails it with its reason
                ping.Fail(new InvalidOperationException("This direction of the channel can no longer send a ping."));
        }

        if (_session.HasReply)
            Commit(_session.SealReply(_output.GetSpan(_session.MaxControlLength)));
    }

    private void WriteTerminate()
    {
        if (!Volatile.Read(ref _hasEnded) || _isBroken || _terminate is not { } frame)
            return;
        _terminate = null;
        _output.Write(frame);
        _unflushed += frame.Length;
    }

    // Keeps the writer for good, so nothing is written after this.
    private void Finish()
    {
        Volatile.Write(ref _isFinished, true);
        _lifetime.Stop();
        _finished.Complete();
    }
}
