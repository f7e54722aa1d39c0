using System.Buffers;
using System.Runtime.CompilerServices;
using SymRatchet.Diagnostics;
using SymRatchet.Session;
using SymRatchet.Wire;

namespace SymRatchet.Channel;

/// <summary>The receiving half: frames in, messages out, and what the session has to say of itself.</summary>
internal sealed partial class EstablishedChannel
{
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
        _logger.ClosedByPeer(_logName);
    }

    private void ReleaseReceivingHalf()
    {
        if (Interlocked.CompareExchange(ref _receiving, Released, Idle) == Idle)
        {
            _session.EraseReceivingKeys();
            _transport.CompleteInput();
        }
    }
}
