using System.Buffers;
using System.Net;
using Microsoft.Extensions.Logging;
using SymRatchet.Diagnostics;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// An established channel: a sender, a receiver, and the lifetime that they share. It knows no protocol. Here, and only
/// here, a channel is ended: calls that wait return at once, keys are erased at once, and what the transport still has
/// to do is bounded.
/// </summary>
internal sealed class EstablishedChannel : ISecureChannel, IReceiverOwner
{
    private readonly Transport _transport;
    private readonly ChannelSession _session;
    private readonly ChannelLifetime _lifetime = new();
    private readonly ChannelSender _sender;
    private readonly ChannelReceiver _receiver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly string _logName;
    private readonly IDisposable? _place;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _pings;
    private Ping? _ping;
    private KeepAlive? _keepAlive;
    private int _closing;
    private int _disposed;

    internal EstablishedChannel(
        Transport transport,
        ChannelSession session,
        TimeProvider time,
        ILogger logger,
        string logName,
        IDisposable? place = null
    )
    {
        _transport = transport;
        _session = session;
        _time = time;
        _logger = logger;
        _logName = logName;
        _place = place;
        _sender = new ChannelSender(transport.Output, session, _lifetime, End);
        _receiver = new ChannelReceiver(transport, session, _lifetime, this);
        ChannelMetrics.ChannelOpened();
    }

    public ProtocolPhase Phase => _lifetime.IsEnded ? ProtocolPhase.Terminated : _session.Phase;

    public ChannelPeer Peer => _session.Peer;

    public EndPoint? RemoteEndPoint => _transport.RemoteEndPoint;

    public int MaxMessageSize => _session.MaxMessageSize;

    public CancellationToken Ended => _lifetime.Ended;

    internal TimeProvider Time => _time;

    /// <summary>
    /// Fails the channel where the peer gives no sign of life. Called once, before the channel is anybody's.
    /// </summary>
    internal void WatchPeer(TimeSpan interval, TimeSpan timeout)
    {
        // A channel that was abandoned and not disposed is not kept by its timer.
        WeakReference<EstablishedChannel> self = new(this);
        _keepAlive = new KeepAlive(
            interval,
            timeout,
            _time,
            () => self.TryGetTarget(out EstablishedChannel? channel) ? channel._receiver.PendingRead : null,
            () => self.TryGetTarget(out EstablishedChannel? channel) && channel.TryAskForLife(),
            () =>
            {
                if (self.TryGetTarget(out EstablishedChannel? channel))
                    channel.Silent(interval + timeout);
            }
        );
        if (_lifetime.IsEnded)
            _keepAlive.Dispose();
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        ThrowIfTooLarge(message);
        return _sender.SendAsync(message, flush: true, cancellationToken);
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default)
    {
        ThrowIfTooLarge(message);
        return _sender.SendAsync(message, flush: false, cancellationToken);
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken = default) => _sender.FlushAsync(cancellationToken);

    public ValueTask<bool> ReceiveAsync(IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return _receiver.ReceiveAsync(destination, cancellationToken);
    }

    public ValueTask CloseAsync(CancellationToken cancellationToken = default) =>
        _lifetime.IsClosedHere ? new ValueTask(_sender.Closed.WaitAsync(cancellationToken))
        : _lifetime.IsClosedByPeer && _session.Phase == ProtocolPhase.Terminated ? default
        : _sender.CloseAsync(cancellationToken);

    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_session.HasPing)
            throw new NotSupportedException($"Protocol {Peer.Protocol} has no ping.");
        Ping ping = new(Interlocked.Increment(ref _pings));
        if (Interlocked.CompareExchange(ref _ping, ping, null) is not null)
            throw new InvalidOperationException("Another ping is in progress on this channel.");
        try
        {
            // Asked after the ping is there to be found: whoever ends or closes the channel now fails it.
            _lifetime.ThrowIfEnded();
            if (_lifetime.State != ChannelState.Open)
                throw new InvalidOperationException(
                    "A direction of the channel is closed; nobody would answer a ping."
                );
            long started = _time.GetTimestamp();
            _sender.Post(ping);
            await ping.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
            return _time.GetElapsedTime(started);
        }
        finally
        {
            Volatile.Write(ref _ping, null);
        }
    }

    public void Abort() => Abort("aborted by its owner");

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            End(failure: null, SecureChannelError.Aborted);
            _place?.Dispose();
            ChannelMetrics.ChannelEnded();
        }

        await CloseTransportAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the channel from outside its owner's calls, and returns at once: the peer is told where it takes it, and
    /// the transport is closed behind that.
    /// </summary>
    internal void Abort(string reason)
    {
        End(SecureChannelException.Of(SecureChannelError.Aborted, reason), SecureChannelError.Aborted);
        _ = Task.Run(CloseTransportAsync);
    }

    /// <summary>Ends the channel for the first reason given, and tells the peer where that is of use.</summary>
    public SecureChannelException Fail(SecureChannelError error, string detail, Exception? cause = null)
    {
        var failure = SecureChannelException.Of(error, detail, cause);
        // A transport that is broken takes no TERMINATE, and a peer that ended the session wants none.
        End(failure, error is SecureChannelError.Transport or SecureChannelError.TerminatedByPeer ? null : error);

        // Where the channel was disposed first, that is what the call in progress is told.
        _lifetime.ThrowIfEnded();
        return failure;
    }

    // The peer answers the last of two pings, and its caller waits for this one's answer: so a ping that is out serves,
    // and one that comes to be posted meanwhile is posted again.
    private bool TryAskForLife()
    {
        if (Volatile.Read(ref _ping) is null)
            _sender.PostIfNone(new Ping(Interlocked.Increment(ref _pings)));
        if (Volatile.Read(ref _ping) is { } own)
            _sender.Post(own);
        return _lifetime.State == ChannelState.Open;
    }

    private void Silent(TimeSpan limit)
    {
        if (_lifetime.State == ChannelState.Open)
            End(
                SecureChannelException.Of(
                    SecureChannelError.Timeout,
                    $"no sign of life from the peer, limit {limit.TotalSeconds:0.#} s"
                ),
                SecureChannelError.Timeout
            );
    }

    void IReceiverOwner.PeerClosed()
    {
        if (!_lifetime.TryClose(ChannelEvent.PeerClose))
            return;
        Volatile
            .Read(ref _ping)
            ?.Fail(new InvalidOperationException("The peer closed the channel before it answered the ping."));
        _logger.ClosedByPeer(_logName);
    }

    void IReceiverOwner.Answered(ulong token)
    {
        if (Volatile.Read(ref _ping) is { } ping && ping.Token == token)
            ping.Answered();
    }

    void IReceiverOwner.PostReply() => _sender.PostReply();

    private void End(SecureChannelException? failure, SecureChannelError? told)
    {
        if (!_lifetime.TryEnd(failure, out ChannelState from))
            return;
        _keepAlive?.Dispose();

        // Once both closes are said there is nothing to tell.
        _sender.End(from == ChannelState.Closed ? null : told);
        _receiver.End();
        Volatile.Read(ref _ping)?.Fail(failure ?? (Exception)new ObjectDisposedException(nameof(ISecureChannel)));
        if (!_sender.Finished.IsCompleted)
            _ = StopLaterAsync();
        if (failure is not null)
            Report(failure);
    }

    private void Report(SecureChannelException failure)
    {
        ChannelMetrics.ChannelFailed(failure.Error);
        _logger.ChannelFailed(_logName, failure.Error, failure.Detail);
    }

    // A peer that takes nothing does not hear the TERMINATE, and holds up nobody.
    private async Task StopLaterAsync()
    {
        await WaitAsync(_sender.Finished).ConfigureAwait(false);
        _lifetime.Stop();
    }

    // Whoever is first closes it, and everybody waits for that; never under a lock, since it runs the transport's code.
    private async Task CloseTransportAsync()
    {
        if (Interlocked.Exchange(ref _closing, 1) == 0)
        {
            try
            {
                await WaitAsync(_sender.Finished).ConfigureAwait(false);
                _lifetime.Stop();
                _receiver.Release();
                await WaitAsync(_transport.CloseStreamAsync()).ConfigureAwait(false);
                await WaitAsync(Task.WhenAll(_receiver.Finished, CompleteOutputAsync())).ConfigureAwait(false);
            }
            finally
            {
                _closed.SetResult();
            }
        }

        await _closed.Task.ConfigureAwait(false);
    }

    private async Task CompleteOutputAsync()
    {
        await _sender.Finished.ConfigureAwait(false);
        _transport.CompleteOutput();
    }

    // No transport is trusted to come back: what does not in time is left to itself.
    private async Task WaitAsync(Task task)
    {
        if (task.IsCompleted)
            return;
        try
        {
            await task.WaitAsync(Limits.TerminateTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // It completes its half when it returns, if it ever does.
        }
    }

    private void ThrowIfTooLarge(ReadOnlyMemory<byte> message)
    {
        if (message.Length > MaxMessageSize)
            throw new ArgumentException(
                $"A message of {message.Length} bytes is above the limit of {MaxMessageSize}.",
                nameof(message)
            );
    }
}
