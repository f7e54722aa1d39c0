using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using SymRatchet.Diagnostics;
using SymRatchet.Primitives;

namespace SymRatchet.Channel;

/// <summary>The sending half: one lock, one flush, and the last word.</summary>
internal sealed partial class EstablishedChannel
{
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
}
