using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using SymRatchet.Diagnostics;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// The receiving half: frames in, messages out. It never writes; replies are posted to the sender. If a call is
/// cancelled, its read of the transport stays pending and serves the next call, so nothing is lost.
/// </summary>
/// <remarks>
/// The end, in this order: <see cref="End"/> erases the keys and lets a waiting call return; <see cref="Release"/> says
/// that no new call may read. The last user of the transport's reading half (Release itself, the call in progress or
/// the pending read) then completes that half, which completes <see cref="Finished"/>.
/// </remarks>
internal sealed class ChannelReceiver
{
    private const int Idle = 0;
    private const int Calling = 1;
    private const int Released = 2;
    private const int FramesBetweenYields = 100;

    private readonly Transport _transport;
    private readonly ChannelSession _session;
    private readonly ChannelLifetime _lifetime;
    private readonly IReceiverEvents _events;
    private readonly TransportOperation<ReadResult> _read;
    private Completion _finished;
    private int _call;
    private long _reads;

    internal ChannelReceiver(
        Transport transport,
        ChannelSession session,
        ChannelLifetime lifetime,
        IReceiverEvents events
    )
    {
        _transport = transport;
        _session = session;
        _lifetime = lifetime;
        _events = events;
        _read = new TransportOperation<ReadResult>(OnAbandonedReadCompleted);
    }

    /// <summary>
    /// Completed once <see cref="Release"/> was called and the reading half of the transport is no longer in use.
    /// </summary>
    internal Task Finished => _finished.AsTask();

    /// <summary>The number of the read that is pending on the transport, 1 or more; 0 if none is.</summary>
    internal long PendingRead
    {
        get
        {
            long read = Volatile.Read(ref _reads);
            return _read.IsPending ? read : 0;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    internal async ValueTask<bool> ReceiveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        switch (Interlocked.CompareExchange(ref _call, Calling, Idle))
        {
            case Calling:
                throw new InvalidOperationException("Another receive is in progress on this channel.");
            case Released:
                _lifetime.ThrowIfEnded();
                break;
        }

        try
        {
            for (int frames = 1; ; frames++)
            {
                _lifetime.ThrowIfEnded();
                if (_lifetime.IsClosedByPeer)
                    return false;
                switch (_session.Parse(_transport.Unread, out int frameLength))
                {
                    case FrameStatus.Incomplete:
                        if (!await ReadMoreAsync(cancellationToken).ConfigureAwait(false))
                            OnStreamEnded();
                        break;

                    case FrameStatus.Complete:
                        OpenResult result = OpenFrame(frameLength, destination);
                        if (result.Status == OpenStatus.Message)
                            return true;
                        HandleNonMessage(result);

                        // A peer that sends only PINGs must not occupy the thread, nor keep a cancelled caller waiting.
                        cancellationToken.ThrowIfCancellationRequested();
                        if (frames % FramesBetweenYields == 0)
                            await Task.Yield();
                        break;

                    case FrameStatus.TooLarge:
                        throw _events.Fail(
                            SecureChannelError.Limit,
                            $"a message above the limit of {_session.MaxMessageSize} bytes"
                        );

                    default:
                        throw _events.Fail(SecureChannelError.Malformed, "not a frame of this protocol");
                }
            }
        }
        finally
        {
            if (Interlocked.CompareExchange(ref _call, Idle, Calling) != Calling)
                ReleaseInput();
        }
    }

    /// <summary>Erases the keys and releases a waiting call; called once, when the channel has ended.</summary>
    internal void End()
    {
        _session.EraseReceivingKeys();
        _read.End();
    }

    /// <summary>Completes the transport's reading half as soon as no call and no read uses it.</summary>
    internal void Release()
    {
        if (Interlocked.Exchange(ref _call, Released) == Idle)
            ReleaseInput();
    }

    private OpenResult OpenFrame(int frameLength, IBufferWriter<byte> destination)
    {
        // A size of 0 is asked for as 1: for an IBufferWriter a hint of 0 means some buffer, of whatever size.
        Span<byte> opened = destination.GetSpan(Math.Max(1, _session.GetOpenedLength(frameLength)));
        ReadOnlySpan<byte> first = _transport.Unread.FirstSpan;
        OpenResult result;
        if (first.Length >= frameLength)
        {
            result = _session.Open(first[..frameLength], opened);
        }
        else
        {
            byte[] whole = ArrayPool<byte>.Shared.Rent(frameLength);
            _transport.CopyFirst(whole.AsSpan(0, frameLength));
            result = _session.Open(whole.AsSpan(0, frameLength), opened);
            ArrayPool<byte>.Shared.Return(whole);
        }

        Consume(frameLength);
        if (result.Status == OpenStatus.Message)
        {
            // If the channel ended while the message was opened, the message is not delivered.
            if (_lifetime.IsEnded)
                CryptographicOperations.ZeroMemory(opened);
            _lifetime.ThrowIfEnded();
            Deliver(destination, result.Length);
        }

        return result;
    }

    private void Consume(int frameLength)
    {
        try
        {
            _transport.Consume(frameLength);
        }
        catch (Exception e)
        {
            throw _events.Fail(SecureChannelError.Transport, e.Message, e);
        }
    }

    private void Deliver(IBufferWriter<byte> destination, int length)
    {
        try
        {
            destination.Advance(length);
        }
        catch
        {
            // The message is lost, and a channel that lost one cannot continue.
            throw _events.Fail(SecureChannelError.Aborted, "the receiver's buffer refused a message");
        }

        ChannelMetrics.MessageReceived(length);
    }

    private void HandleNonMessage(OpenResult result)
    {
        switch (result.Status)
        {
            case OpenStatus.Failed:
                throw _events.Fail(result.Error, result.Detail!);

            case OpenStatus.Closed:
                _events.OnPeerClosed();
                break;

            case OpenStatus.Pong:
                _events.OnPong(result.Token);
                break;

            case OpenStatus.Control when _session.HasReply:
                _events.PostReply();
                break;
        }
    }

    private async ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        if (_transport.HasEnded)
            return false;
        ReadResult read;
        try
        {
            if (!_read.HasOperation)
                BeginRead();
            read = await _read.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _lifetime.ThrowIfEnded();
            throw;
        }
        catch (Exception e)
        {
            _lifetime.ThrowIfEnded();
            throw _events.Fail(SecureChannelError.Transport, e.Message, e);
        }

        // If the channel ended, the read is still pending, and its bytes belong to the transport's owner.
        if (!_read.HasOperation)
            _transport.Take(read);
        _lifetime.ThrowIfEnded();
        return true;
    }

    private void BeginRead()
    {
        Volatile.Write(ref _reads, _reads + 1);
        _read.Begin(_transport.ReadAsync(_lifetime.Stopping));
    }

    private void OnStreamEnded()
    {
        if (!_transport.Unread.IsEmpty || !_session.EndOfStreamIsClose)
            throw _events.Fail(SecureChannelError.Truncated, "the peer closed the connection");
        _events.OnPeerClosed();
    }

    private void OnAbandonedReadCompleted(ReadResult read, Exception? failure)
    {
        if (failure is null)
            _transport.Take(read);
        CompleteInput();
    }

    private void ReleaseInput()
    {
        if (!_read.Abandon())
            CompleteInput();
    }

    private void CompleteInput()
    {
        try
        {
            _transport.CompleteInput();
        }
        finally
        {
            _finished.Complete();
        }
    }
}
