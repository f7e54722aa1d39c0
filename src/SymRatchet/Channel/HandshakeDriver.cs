using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SymRatchet.Crypto;
using SymRatchet.Diagnostics;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// Drives the handshake states until there is a session or a refusal. It does all IO (transport, store, clock); the
/// states contain the protocol.
/// </summary>
internal sealed class HandshakeDriver(
    Transport transport,
    ChannelRole role,
    IKeyStore store,
    SecureChannelOptions options,
    HandshakeLimiter? limiter = null,
    ChannelRegistry? registry = null
)
{
    internal const string RevokedKey = "the key was revoked";

    private readonly ILogger _logger = GuardedLogger.Create(options.LoggerFactory);
    private readonly IKeyStore _store = store;
    private readonly long _started = options.TimeProvider.GetTimestamp();
    private readonly RegisteredChannel? _registered = registry is null ? null : new RegisteredChannel(registry);
    private PendingHandshake? _pending;
    private ClientId? _claimed;
    private bool _isFirstMove;

    private string ClientName => _claimed is { } id ? options.LogNameOf(id) : "(unidentified)";

    internal async ValueTask<ISecureChannel> RunAsync(HandshakeState state, CancellationToken cancellationToken)
    {
        using Activity? activity = ChannelTracing.StartHandshake(role, options.Protocol);
        using PendingHandshake? pending = limiter?.Enter(transport.RemoteAddress);
        ReportEvictions();
        _pending = pending;
        using CancellationTokenSource timeout = new(options.HandshakeTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            timeout.Token,
            cancellationToken,
            pending?.Evicted ?? default,
            _registered?.Revoked ?? default
        );
        try
        {
            while (state is not (Established or Refused))
            {
                state = await StepAsync(state, either.Token).ConfigureAwait(false);
                if (state.IsClientProven && pending?.TryConfirm() == false)
                    throw Evicted();
                if (state.Alarm != HandshakeAlarm.None)
                    Report(state.Alarm);
            }

            if (state is Established established)
                return Succeed(established.Session, activity);

            var refused = (Refused)state;
            if (!refused.TerminateFrame.IsEmpty)
                await transport.WriteAsync(refused.TerminateFrame, either.Token).ConfigureAwait(false);
            throw SecureChannelException.Of(refused.Error, refused.Detail);
        }
        catch (Exception e)
        {
            // The keys and the stream go first: a log or a listener may wait for long.
            SecureChannelException? failure = FailureOf(e, cancellationToken);
            await AbandonAsync(state).ConfigureAwait(false);
            if (failure is null)
                throw;
            Report(failure, activity);
            if (failure.Error == SecureChannelError.Canceled)
                throw;
            throw failure;
        }
    }

    /// <summary>
    /// The failure that an exception stands for; null if it is a programming error, which is rethrown as it is.
    /// </summary>
    private SecureChannelException? FailureOf(Exception e, CancellationToken cancellationToken) =>
        e switch
        {
            SecureChannelException failure => failure,
            OperationCanceledException when cancellationToken.IsCancellationRequested => SecureChannelException.Of(
                SecureChannelError.Canceled,
                "in the handshake",
                e
            ),
            OperationCanceledException when _registered is { IsRevoked: true } => SecureChannelException.Of(
                SecureChannelError.KeyStore,
                RevokedKey,
                e
            ),
            OperationCanceledException when _pending is { IsEvicted: true } => Evicted(e),
            OperationCanceledException => SecureChannelException.Of(
                SecureChannelError.Timeout,
                $"limit {options.HandshakeTimeout.TotalSeconds:0.#} s",
                e
            ),
            _ when Transport.IsFailure(e) => SecureChannelException.Of(SecureChannelError.Transport, e.Message, e),
            _ => null,
        };

    private EstablishedChannel Succeed(ChannelSession session, Activity? activity)
    {
        TimeSpan elapsed = options.TimeProvider.GetElapsedTime(_started);
        ChannelMetrics.HandshakeEnded(role, SecureChannelError.None, elapsed);
        ChannelPeer peer = session.Peer;
        activity.Succeeded(peer.Suite);
        if (_logger.IsEnabled(LogLevel.Debug))
        {
            string name = options.LogNameOf(peer.ClientId);
            _logger.HandshakeDone(role, name, peer.Protocol, peer.Suite, peer.Epoch, elapsed.TotalMilliseconds);
        }

        EstablishedChannel channel = new(
            transport,
            session,
            options.TimeProvider,
            _logger,
            options.HashIdsInLogs,
            _registered
        );
        if (options.KeepAliveInterval != Timeout.InfiniteTimeSpan)
            channel.StartKeepAlive(options.KeepAliveInterval, options.KeepAliveTimeout);
        if (_registered is not null && !_registered.TryEstablish(channel))
            channel.Abort(RevokedKey);
        return channel;
    }

    private void Report(HandshakeAlarm alarm)
    {
        // An in-memory store starts at epoch 0 with its process, so being behind before its first move is expected.
        if (_isFirstMove && alarm is HandshakeAlarm.ClientStoreBehind or HandshakeAlarm.ServerStoreBehind)
        {
            _logger.CaughtUp(role, ClientName, transport.RemoteName);
            return;
        }

        ChannelMetrics.AlarmRaised(role, alarm.ToString());
        _logger.Alarm(role, ClientName, transport.RemoteName, alarm.ToString());
    }

    private void ReportEvictions()
    {
        if (limiter is not null && limiter.TryReport(out int evicted))
            _logger.TooManyHandshakes(evicted, limiter.Pending, transport.RemoteName);
    }

    private static SecureChannelException Evicted(Exception? cause = null) =>
        SecureChannelException.Of(
            SecureChannelError.Limit,
            "evicted from the pending handshakes by a newer one",
            cause
        );

    private void Report(SecureChannelException failure, Activity? activity)
    {
        ChannelMetrics.HandshakeEnded(role, failure.Error, options.TimeProvider.GetElapsedTime(_started));
        activity.Failed(failure.Error);

        // What a store says may name the client; its exception still does, for the caller.
        bool mayName =
            options.HashIdsInLogs && failure is { Error: SecureChannelError.KeyStore, InnerException: not null };
        _logger.HandshakeFailed(
            role,
            ClientName,
            transport.RemoteName,
            failure.Error,
            mayName ? failure.InnerException!.GetType().Name : failure.Message
        );
    }

    private ValueTask AbandonAsync(HandshakeState state)
    {
        state.Dispose();
        _registered?.Dispose();
        return transport.DisposeAsync();
    }

    private async ValueTask<HandshakeState> StepAsync(HandshakeState state, CancellationToken cancellationToken)
    {
        switch (state)
        {
            case FrameExpected expected:
                return await ReceiveAsync(expected, cancellationToken).ConfigureAwait(false);

            case KeyNeeded needed:
                _claimed = needed.Id;
                _registered?.Identify(needed.Id);
                using (StoredKey? key = await FindAsync(needed.Id, cancellationToken).ConfigureAwait(false))
                {
                    _isFirstMove = _store is InMemoryKeyStore && key is { LastSeen: null };
                    return needed.Found(key);
                }

            case AdvanceNeeded advance:
                await AdvanceAsync(advance, advance.TakeEpochKey(), cancellationToken).ConfigureAwait(false);
                return advance.Advanced();

            case SendNeeded send:
                await transport.WriteAsync(send.Bytes, cancellationToken).ConfigureAwait(false);
                return send.Sent();

            case LockNeeded locked:
                return await PerIdentityLock
                    .RunAsync(locked.Id, locked.LockAcquired, cancellationToken)
                    .ConfigureAwait(false);

            case AdmissionNeeded admission:
                if (_pending?.TryIdentify(admission.Id) == false)
                    throw Evicted();
                ReportEvictions();
                return admission.Admitted();

            default:
                throw new InvalidOperationException($"No driver for the handshake state {state.GetType().Name}.");
        }
    }

    private async ValueTask<HandshakeState> ReceiveAsync(FrameExpected expected, CancellationToken cancellationToken)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            switch (expected.Parse(transport.Unread, out int length))
            {
                case FrameStatus.Complete:
                    byte[] frame = new byte[length];
                    transport.CopyFirst(frame);
                    transport.Consume(length);
                    return expected.Receive(frame);

                case FrameStatus.TooLarge:
                    throw SecureChannelException.Of(SecureChannelError.Limit, "a handshake message exceeds the limit");

                case FrameStatus.Malformed:
                    throw SecureChannelException.Of(
                        SecureChannelError.Malformed,
                        "not a handshake message of this protocol"
                    );
            }

            if (isFirst)
                expected.Prepare();
            if (!await transport.ReadMoreAsync(cancellationToken).ConfigureAwait(false))
                throw SecureChannelException.Of(
                    role == ChannelRole.Client ? SecureChannelError.Refused : SecureChannelError.Truncated,
                    "the peer closed the connection during the handshake"
                );
        }
    }

    /// <summary>
    /// Moves the store forward. The call owns the key until the store returns, which may be after the handshake ended.
    /// </summary>
    private async ValueTask<bool> AdvanceStoreAsync(
        AdvanceNeeded advance,
        SecretBytes epochKey,
        CancellationToken cancellationToken
    )
    {
        using (epochKey)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await _store
                .AdvanceAsync(advance.Id, advance.Serial, advance.Epoch, epochKey.Memory, cancellationToken)
                .ConfigureAwait(false);
        }

        return true;
    }

    private ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken) =>
        CallStoreAsync(
            static (driver, id, ended) =>
            {
                ended.ThrowIfCancellationRequested();
                return driver._store.FindAsync(id, ended);
            },
            id,
            cancellationToken
        );

    private ValueTask<bool> AdvanceAsync(
        AdvanceNeeded advance,
        SecretBytes epochKey,
        CancellationToken cancellationToken
    ) =>
        CallStoreAsync(
            static (driver, move, ended) => driver.AdvanceStoreAsync(move.advance, move.epochKey, ended),
            (advance, epochKey),
            cancellationToken
        );

    /// <summary>
    /// Calls the store and waits until the handshake ends, even if the store blocks or ignores its token.
    /// </summary>
    private async ValueTask<T> CallStoreAsync<TArgument, T>(
        Func<HandshakeDriver, TArgument, CancellationToken, ValueTask<T>> call,
        TArgument argument,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (_store is InMemoryKeyStore)
                return await call(this, argument, cancellationToken).ConfigureAwait(false);

            // A separate token, so that the store's cancellation callbacks cannot run before those that end the
            // handshake.
            CancellationTokenSource ended = new();
            Task<T> answer = StoreThreads.RunAsync(_store, () => call(this, argument, ended.Token).AsTask());
            try
            {
                return await answer.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _ = EndAsync(answer, ended);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw SecureChannelException.Of(SecureChannelError.KeyStore, e.Message, e);
        }
    }

    /// <summary>Cancels an abandoned call of the store, and disposes a result that it still returns.</summary>
    private static async Task EndAsync<T>(Task<T> answer, CancellationTokenSource ended)
    {
        if (!answer.IsCompleted)
        {
            Task cancelling = ended.CancelAsync();
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (answer.IsCompletedSuccessfully)
                (answer.Result as IDisposable)?.Dispose();
            await cancelling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ended.Dispose();
    }
}
