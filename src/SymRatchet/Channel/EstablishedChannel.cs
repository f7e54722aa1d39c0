using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using SymRatchet.Diagnostics;
using SymRatchet.Primitives;
using SymRatchet.Session;
using SymRatchet.Wire;

namespace SymRatchet.Channel;

/// <summary>
/// Drives an established session over a transport, without knowing which protocol it speaks. All sending is under one lock. The
/// receiving side takes it only where it is free: what it has to say meanwhile waits in a slot that the holder
/// empties, so a reader never waits for a writer that is blocked.
/// </summary>
internal sealed class EstablishedChannel : ISecureChannel
{
    private const int Idle = 0;
    private const int Busy = 1;
    private const int Released = 2;
    private const int NoFarewell = -1;

    private readonly Transport _transport;
    private readonly PipeWriter _output;
    private readonly ChannelSession _session;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly IDisposable? _place;
    private readonly SemaphoreSlim _sendLock = new(1, 1);
    private int _sending;
    private int _receiving;
    private int _disposed;
    private int _unflushed;
    private ulong _pings;
    private int _farewell = NoFarewell;
    private volatile bool _selfClosed;
    private volatile bool _peerClosed;
    private volatile SecureChannelException? _failure;
    private volatile Ping? _ping;

    internal EstablishedChannel(Transport transport, ChannelSession session, TimeProvider time, ILogger logger, IDisposable? place = null)
    {
        _transport = transport;
        _output = transport.Output;
        _session = session;
        _time = time;
        _logger = logger;
        _place = place;
        ChannelMetrics.ChannelOpened();
    }

    public ProtocolPhase Phase => _failure is null && _disposed == 0 ? _session.Phase : ProtocolPhase.Terminated;

    public ChannelPeer Peer => _session.Peer;

    public int MaxMessageSize => _session.MaxMessageSize;

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        SealAsync(message, flush: true, cancellationToken);

    public ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
        SealAsync(message, flush: false, cancellationToken);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        await EnterSendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ExitSendAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask CloseAsync(CancellationToken cancellationToken = default)
    {
        if (_selfClosed || (_peerClosed && _session.Phase == ProtocolPhase.Terminated))
            return;

        await EnterSendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _selfClosed = true;
            SealFarewell(SecureChannelError.None);
            await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ExitSendAsync().ConfigureAwait(false);
        }
    }

    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        Ping ping = new(Interlocked.Increment(ref _pings));
        if (Interlocked.CompareExchange(ref _ping, ping, null) is not null)
            throw new InvalidOperationException("Another ping is in progress on this channel.");
        try
        {
            long started = _time.GetTimestamp();
            await EnterLockAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                _output.Advance(_session.SealPing(ping.Token, _output.GetSpan(_session.MaxControlLength)));
                await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                await ExitLockAsync().ConfigureAwait(false);
            }

            await ping.Answer.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return _time.GetElapsedTime(started);
        }
        finally
        {
            _ping = null;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReceiveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.CompareExchange(ref _receiving, Busy, Idle) == Busy)
            throw new InvalidOperationException("Another receive is in progress on this channel.");
        try
        {
            ThrowIfOver();
            while (!_peerClosed && _session.Phase != ProtocolPhase.Terminated)
            {
                switch (_session.Parse(_transport.Unread, out int frameLength))
                {
                    case FrameStatus.Incomplete:
                        if (!await ReadMoreAsync(cancellationToken).ConfigureAwait(false))
                            return await EndOfStreamAsync().ConfigureAwait(false);
                        break;

                    case FrameStatus.Complete:
                        OpenResult result = OpenFrame(frameLength, destination);
                        if (result.Status == OpenStatus.Message)
                            return true;
                        await TakeControlAsync(result).ConfigureAwait(false);
                        break;

                    case FrameStatus.TooLarge:
                        throw await FailAsync(SecureChannelError.Limit, $"a message above the limit of {MaxMessageSize} bytes").ConfigureAwait(false);

                    default:
                        throw await FailAsync(SecureChannelError.Malformed, "no message of this protocol").ConfigureAwait(false);
                }
            }

            return false;
        }
        finally
        {
            if (_failure is not null)
                _session.EraseReceivingKeys();
            Interlocked.CompareExchange(ref _receiving, Idle, Busy);
            if (_disposed != 0)
                ReleaseReceivingHalf();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        // A channel that was not closed says that it was cut short, where that can be said at once; it never claims that all was said.
        if (_failure is null && !_selfClosed && !_peerClosed)
            await SayFarewellAsync(SecureChannelError.Aborted).ConfigureAwait(false);

        // Whoever still reads or writes fails on the dead transport, and lets go of the keys before they are erased.
        _ping?.Answer.TrySetException(new ObjectDisposedException(nameof(ISecureChannel)));
        await _transport.AbortAsync(reading: _receiving == Busy, writing: _sending == Busy).ConfigureAwait(false);
        await _sendLock.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        _session.EraseSendingKeys();
        _sendLock.Release();
        ReleaseReceivingHalf();
        _transport.CompleteOutput();
        _place?.Dispose();
        ChannelMetrics.ChannelEnded();
    }

    /// <summary>Ends the channel from outside its owner's calls: the peer is told where that can be done at once, and whoever waits is woken.</summary>
    internal async ValueTask TerminateAsync(string reason)
    {
        if (_disposed != 0)
            return;
        await FailAsync(SecureChannelError.Aborted, reason).ConfigureAwait(false);
        await _transport.AbortAsync(reading: _receiving == Busy, writing: _sending == Busy).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SealAsync(ReadOnlyMemory<byte> message, bool flush, CancellationToken cancellationToken)
    {
        if (message.Length > MaxMessageSize)
            throw new ArgumentException($"A message of {message.Length} bytes is above the limit of {MaxMessageSize}.", nameof(message));

        await EnterSendAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            int written = _session.Seal(message.Span, _output.GetSpan(_session.GetSealedLength(message.Length)));
            _output.Advance(written);
            _unflushed += written;
            ChannelMetrics.MessageSent(message.Length);
            if (flush || _unflushed >= Limits.FlushThreshold)
                await FlushOutputAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await ExitSendAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask TakeControlAsync(OpenResult result)
    {
        switch (result.Status)
        {
            case OpenStatus.Failed:
                throw await FailAsync(result.Error, result.Detail!).ConfigureAwait(false);

            case OpenStatus.Closed:
                PeerClosed();
                break;

            case OpenStatus.Pong when _ping is { } ping && ping.Token == result.Token:
                ping.Answer.TrySetResult();
                break;

            case OpenStatus.Control when _session.HasReply:
                await SayPendingAsync().ConfigureAwait(false);
                break;
        }
    }

    private OpenResult OpenFrame(int frameLength, IBufferWriter<byte> destination)
    {
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

        _transport.Consume(frameLength);
        if (result.Status == OpenStatus.Message)
        {
            destination.Advance(result.Length);
            ChannelMetrics.MessageReceived(result.Length);
        }

        return result;
    }

    private async ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
    {
        try
        {
            bool more = await _transport.ReadMoreAsync(cancellationToken).ConfigureAwait(false);
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return more;
        }
        catch (Exception e) when (Transport.IsFailure(e))
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            throw await FailAsync(SecureChannelError.Transport, e.Message, e).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> EndOfStreamAsync()
    {
        if (!_transport.Unread.IsEmpty || !_session.EndOfStreamIsClose)
            throw await FailAsync(SecureChannelError.Truncated, "the peer hung up").ConfigureAwait(false);
        PeerClosed();
        return false;
    }

    private void PeerClosed()
    {
        _peerClosed = true;
        _ping?.Answer.TrySetException(new InvalidOperationException("The peer closed the channel before it answered the ping."));
        _logger.ClosedByPeer(Peer.ClientName);
    }

    private async ValueTask EnterSendAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref _sending, Busy) == Busy)
            throw new InvalidOperationException("Another send is in progress on this channel.");
        try
        {
            await EnterLockAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Volatile.Write(ref _sending, Idle);
            throw;
        }
    }

    private ValueTask ExitSendAsync()
    {
        Volatile.Write(ref _sending, Idle);
        return ExitLockAsync();
    }

    private async ValueTask EnterLockAsync(CancellationToken cancellationToken)
    {
        if (!_sendLock.Wait(0, CancellationToken.None))
            await _sendLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfOver();
            if (_selfClosed)
                throw new InvalidOperationException("The channel was closed by this side; nothing more can be sent.");
        }
        catch
        {
            await ExitLockAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ValueTask ExitLockAsync()
    {
        _sendLock.Release();
        return Volatile.Read(ref _farewell) == NoFarewell && !_session.HasReply ? default : SayPendingAsync();
    }

    private async ValueTask FlushOutputAsync(CancellationToken cancellationToken)
    {
        try
        {
            FlushResult flushed = await _output.FlushAsync(cancellationToken).ConfigureAwait(false);
            _unflushed = 0;
            ObjectDisposedException.ThrowIf(flushed.IsCanceled || _disposed != 0, this);
            if (flushed.IsCompleted)
                throw await FailAsync(SecureChannelError.Transport, "the peer no longer reads").ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            await FailAsync(SecureChannelError.Canceled, "in a send").ConfigureAwait(false);
            throw;
        }
        catch (Exception e) when (Transport.IsFailure(e))
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            throw await FailAsync(SecureChannelError.Transport, e.Message, e).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the channel for the first reason given, and tells the peer where that is of use.</summary>
    private async ValueTask<SecureChannelException> FailAsync(SecureChannelError error, string detail, Exception? cause = null)
    {
        var failure = SecureChannelException.Of(error, detail, cause);
        if (Interlocked.CompareExchange(ref _failure, failure, null) is { } earlier)
            return earlier;

        ChannelMetrics.ChannelFailed(error);
        _logger.ChannelFailed(Peer.ClientName, error, detail);
        _ping?.Answer.TrySetException(failure);
        await SayFarewellAsync(error).ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref _receiving, Busy, Idle) == Idle)
        {
            _session.EraseReceivingKeys();
            Interlocked.CompareExchange(ref _receiving, Idle, Busy);
        }

        return failure;
    }

    private ValueTask SayFarewellAsync(SecureChannelError reason)
    {
        Interlocked.CompareExchange(ref _farewell, (int)reason, NoFarewell);
        return SayPendingAsync();
    }

    // Whoever holds the lock comes by here when it lets go, so what finds the lock taken is not lost.
    private async ValueTask SayPendingAsync()
    {
        if (!_sendLock.Wait(0, CancellationToken.None))
            return;
        int farewell = Interlocked.Exchange(ref _farewell, NoFarewell);
        try
        {
            if (_session.HasReply && _failure is null && !_selfClosed)
                _output.Advance(_session.SealReply(_output.GetSpan(_session.MaxControlLength)));
            if (farewell != NoFarewell && IsWorthTelling((SecureChannelError)farewell))
                SealFarewell((SecureChannelError)farewell);

            using CancellationTokenSource timeout = new(Limits.FarewellTimeout);
            await _output.FlushAsync(farewell == NoFarewell ? CancellationToken.None : timeout.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException || Transport.IsFailure(e))
        {
            // A peer that cannot be reached does not hear it; the next call finds out why.
        }
        finally
        {
            if (farewell != NoFarewell)
                _session.EraseSendingKeys();
            _sendLock.Release();
        }
    }

    // A transport that is broken or half written to takes no last word, and a peer that ended the session wants none.
    private static bool IsWorthTelling(SecureChannelError reason) =>
        reason is not (SecureChannelError.Transport or SecureChannelError.Canceled or SecureChannelError.TerminatedByPeer);

    private void SealFarewell(SecureChannelError reason)
    {
        Span<byte> frame = _output.GetSpan(_session.MaxControlLength);
        _output.Advance(_session.SealFarewell(reason, frame));
    }

    private void ReleaseReceivingHalf()
    {
        if (Interlocked.CompareExchange(ref _receiving, Released, Idle) == Idle)
        {
            _session.EraseReceivingKeys();
            _transport.CompleteInput();
        }
    }

    private void ThrowIfOver()
    {
        if (_failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
    }

    private sealed record Ping(ulong Token)
    {
        internal TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
