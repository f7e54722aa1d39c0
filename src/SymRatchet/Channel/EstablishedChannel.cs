using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Logging;
using SymRatchet.Diagnostics;
using SymRatchet.Protocol1;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// An established channel: a sender, a receiver, and the lifetime that they share. It is independent of the protocol.
/// Only this type ends a channel: waiting calls return and keys are erased at once, and the rest of the transport's
/// work is bounded in time.
/// </summary>
internal sealed class EstablishedChannel : ISecureChannel, IReceiverEvents
{
    private readonly Transport _transport;
    private readonly ChannelSession _session;
    private readonly ChannelLifetime _lifetime = new();
    private readonly ChannelSender _sender;
    private readonly ChannelReceiver _receiver;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly bool _hashIdsInLogs;
    private readonly IDisposable? _registration;
    private Completion _transportClosed;
    private ulong _lastPingToken;
    private Ping? _pendingPing;
    private KeepAlive? _keepAlive;
    private int _isClosingTransport;
    private int _disposed;

    internal EstablishedChannel(
        Transport transport,
        ChannelSession session,
        TimeProvider time,
        ILogger logger,
        bool hashIdsInLogs,
        IDisposable? registration = null
    )
    {
        _transport = transport;
        _session = session;
        _time = time;
        _logger = logger;
        _hashIdsInLogs = hashIdsInLogs;
        _registration = registration;
        _sender = new ChannelSender(transport.Output, session, _lifetime, End);
        _receiver = new ChannelReceiver(transport, session, _lifetime, this);
        ChannelMetrics.ChannelOpened();
    }

    private string LogName => Peer.ClientId.ToLogName(_hashIdsInLogs);

    public ProtocolPhase Phase => _lifetime.IsEnded ? ProtocolPhase.Terminated : _session.Phase;

    public ChannelPeer Peer => _session.Peer;

    public EndPoint? RemoteEndPoint => _transport.RemoteEndPoint;

    public int MaxMessageSize => _session.MaxMessageSize;

    public CancellationToken Ended => _lifetime.Ended;

    internal TimeProvider Time => _time;

    /// <summary>
    /// Starts keep-alive, which fails the channel if the peer is silent. Called once, before the channel is handed
    /// out.
    /// </summary>
    internal void StartKeepAlive(TimeSpan interval, TimeSpan timeout)
    {
        // The timer must not keep a channel alive that was abandoned without being disposed.
        WeakReference<EstablishedChannel> self = new(this);
        _keepAlive = new KeepAlive(
            interval,
            timeout,
            _time,
            () => self.TryGetTarget(out EstablishedChannel? channel) ? channel._receiver.PendingRead : null,
            () => self.TryGetTarget(out EstablishedChannel? channel) && channel.TrySendKeepAlive(),
            () =>
            {
                if (self.TryGetTarget(out EstablishedChannel? channel))
                    channel.OnSilentPeer(interval + timeout);
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
        if (!_session.SupportsPing)
            throw new NotSupportedException($"Protocol {Peer.Protocol} has no ping.");
        Ping ping = new(Interlocked.Increment(ref _lastPingToken));
        if (Interlocked.CompareExchange(ref _pendingPing, ping, null) is not null)
            throw new InvalidOperationException("Another ping is in progress on this channel.");
        try
        {
            // Checked after the ping was published: an end or a close that comes later finds and fails it.
            _lifetime.ThrowIfEnded();
            if (_lifetime.State != ChannelState.Open)
                throw new InvalidOperationException(
                    "A direction of the channel is closed, so a ping would not be answered."
                );
            long started = _time.GetTimestamp();
            _sender.Post(ping);
            await ping.Answer.WaitAsync(cancellationToken).ConfigureAwait(false);
            return _time.GetElapsedTime(started);
        }
        finally
        {
            Volatile.Write(ref _pendingPing, null);
        }
    }

    public void Abort() => Abort("aborted by the application");

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            End(failure: null, SecureChannelError.Aborted);
            _registration?.Dispose();
            ChannelMetrics.ChannelEnded();
        }

        await CloseTransportAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Ends the channel without waiting: the TERMINATE is sent and the transport closed in the background.
    /// </summary>
    internal void Abort(string reason)
    {
        var failure = SecureChannelException.Of(SecureChannelError.Aborted, reason);
        if (TryEnd(failure, SecureChannelError.Aborted))
            _ = Task.Run(() => Report(failure)); // a log may block, and a revocation ends many channels
        _ = Task.Run(CloseTransportAsync);
    }

    /// <summary>
    /// Ends the channel, and sends a TERMINATE if the peer can receive it and needs it. The first failure is kept.
    /// </summary>
    [DoesNotReturn]
    public Exception Fail(SecureChannelError error, string detail, Exception? cause = null)
    {
        // A broken transport cannot carry a TERMINATE, and a peer that sent one needs none.
        bool needsTerminate = error is not (SecureChannelError.Transport or SecureChannelError.TerminatedByPeer);
        End(SecureChannelException.Of(error, detail, cause), needsTerminate ? error : null);

        // The channel has ended now, if not before: the call in progress throws what ended it.
        throw _lifetime.ThrowEnded();
    }

    // The peer answers only the latest ping, and PingAsync waits for its own. So a ping in progress serves as
    // keep-alive, and one that was posted meanwhile is posted again.
    private bool TrySendKeepAlive()
    {
        if (Volatile.Read(ref _pendingPing) is null)
            _sender.PostIfNone(new Ping(Interlocked.Increment(ref _lastPingToken)));
        if (Volatile.Read(ref _pendingPing) is { } own)
            _sender.Post(own);
        return _lifetime.State == ChannelState.Open;
    }

    private void OnSilentPeer(TimeSpan limit)
    {
        if (_lifetime.State == ChannelState.Open)
            End(
                SecureChannelException.Of(
                    SecureChannelError.Timeout,
                    $"the peer was silent, limit {limit.TotalSeconds:0.#} s"
                ),
                SecureChannelError.Timeout
            );
    }

    void IReceiverEvents.OnPeerClosed()
    {
        if (!_lifetime.TryClose(ChannelEvent.PeerClose))
            return;
        Volatile
            .Read(ref _pendingPing)
            ?.Fail(new InvalidOperationException("The peer closed the channel before it answered the ping."));
        if (_logger.IsEnabled(LogLevel.Debug))
            _logger.ClosedByPeer(LogName);
    }

    void IReceiverEvents.OnPong(ulong token)
    {
        if (Volatile.Read(ref _pendingPing) is { } ping && ping.Token == token)
            ping.Answered();
    }

    void IReceiverEvents.PostReply() => _sender.PostReply();

    private void End(SecureChannelException? failure, SecureChannelError? told)
    {
        if (TryEnd(failure, told) && failure is not null)
            Report(failure);
    }

    private bool TryEnd(SecureChannelException? failure, SecureChannelError? told)
    {
        if (!_lifetime.TryEnd(failure, out ChannelState from))
            return false;
        _keepAlive?.Dispose();

        // After both closes the peer needs no TERMINATE.
        _sender.End(from == ChannelState.Closed ? null : told);
        _receiver.End();
        Volatile
            .Read(ref _pendingPing)
            ?.Fail(failure ?? (Exception)new ObjectDisposedException(nameof(ISecureChannel)));
        if (!_sender.Finished.IsCompleted)
            _ = StopLaterAsync();
        return true;
    }

    private void Report(SecureChannelException failure)
    {
        ChannelMetrics.ChannelFailed(failure.Error);
        if (_logger.IsEnabled(LogLevel.Information))
            _logger.ChannelFailed(LogName, failure.Error, failure.Detail);
    }

    // A peer that does not read cannot delay the end: after the timeout it gets no TERMINATE.
    private async Task StopLaterAsync()
    {
        await WaitBrieflyAsync(_sender.Finished).ConfigureAwait(false);
        _lifetime.Stop();
    }

    // The first caller closes the transport, and all callers wait for it. No lock is held, because closing calls the
    // transport's code.
    private async Task CloseTransportAsync()
    {
        if (Interlocked.Exchange(ref _isClosingTransport, 1) == 0)
        {
            try
            {
                await WaitBrieflyAsync(_sender.Finished).ConfigureAwait(false);
                _lifetime.Stop();
                _receiver.Release();
                await WaitBrieflyAsync(_transport.CloseStreamAsync()).ConfigureAwait(false);
                await WaitBrieflyAsync(Task.WhenAll(_receiver.Finished, CompleteOutputAsync())).ConfigureAwait(false);
            }
            finally
            {
                _transportClosed.Complete();
            }
        }

        await _transportClosed.AsTask().ConfigureAwait(false);
    }

    private async Task CompleteOutputAsync()
    {
        await _sender.Finished.ConfigureAwait(false);
        _transport.CompleteOutput();
    }

    // A transport may never return; after the timeout the call is abandoned.
    private async Task WaitBrieflyAsync(Task task)
    {
        if (task.IsCompleted)
            return;
        try
        {
            await task.WaitAsync(Limits.EndTimeout, _time).ConfigureAwait(false);
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
