using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using SymRatchet.Diagnostics;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// Drives an established session over a transport, without knowing which protocol it speaks. All sending is under one lock. The
/// receiving side takes it only where it is free: what it has to say meanwhile waits in a slot that the holder
/// empties, so a reader never waits for a writer that is blocked.
/// </summary>
internal sealed partial class EstablishedChannel : ISecureChannel
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
    private readonly string _logName;
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

    internal EstablishedChannel(Transport transport, ChannelSession session, TimeProvider time, ILogger logger, string logName, IDisposable? place = null)
    {
        _transport = transport;
        _output = transport.Output;
        _session = session;
        _time = time;
        _logger = logger;
        _logName = logName;
        _place = place;
        ChannelMetrics.ChannelOpened();
    }

    public ProtocolPhase Phase => _failure is null && _disposed == 0 ? _session.Phase : ProtocolPhase.Terminated;

    public ChannelPeer Peer => _session.Peer;

    public int MaxMessageSize => _session.MaxMessageSize;

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

    /// <summary>Ends the channel for the first reason given, and tells the peer where that is of use.</summary>
    private async ValueTask<SecureChannelException> FailAsync(SecureChannelError error, string detail, Exception? cause = null)
    {
        var failure = SecureChannelException.Of(error, detail, cause);
        if (Interlocked.CompareExchange(ref _failure, failure, null) is { } earlier)
            return earlier;

        ChannelMetrics.ChannelFailed(error);
        _logger.ChannelFailed(_logName, error, detail);
        _ping?.Answer.TrySetException(failure);
        await SayFarewellAsync(error).ConfigureAwait(false);
        if (Interlocked.CompareExchange(ref _receiving, Busy, Idle) == Idle)
        {
            _session.EraseReceivingKeys();
            Interlocked.CompareExchange(ref _receiving, Idle, Busy);
        }

        return failure;
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
