using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SymRatchet.Crypto;
using SymRatchet.Diagnostics;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// Gives each handshake state what it waits for, until there is a session or a refusal. It alone meets the wire, the
/// store and the clock; what any of it means is the states' business.
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
    private readonly long _started = options.TimeProvider.GetTimestamp();
    private readonly RegisteredChannel? _live = registry is null ? null : new RegisteredChannel(registry);
    private PendingHandshake? _place;
    private string _client = "(unidentified)";
    private bool _isFirstMove;

    internal async ValueTask<ISecureChannel> RunAsync(HandshakeState state, CancellationToken cancellationToken)
    {
        using Activity? activity = ChannelTracing.StartHandshake(role, options.Protocol);
        using PendingHandshake? place = limiter?.Enter(transport.RemoteAddress);
        ReportEvictions();
        _place = place;
        using CancellationTokenSource timeout = new(options.HandshakeTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            timeout.Token,
            cancellationToken,
            place?.Evicted ?? default,
            _live?.Revoked ?? default
        );
        try
        {
            while (state is not (Established or Refused))
            {
                state = await StepAsync(state, either.Token).ConfigureAwait(false);
                if (state.IsClientProven && place?.TryConfirm() == false)
                    throw Evicted();
                if (state.Alarm != HandshakeAlarm.None)
                    Report(state.Alarm);
            }

            if (state is Established established)
                return Succeed(established.Session, activity);

            var refused = (Refused)state;
            if (!refused.LastWord.IsEmpty)
                await transport.WriteAsync(refused.LastWord, either.Token).ConfigureAwait(false);
            throw SecureChannelException.Of(refused.Error, refused.Detail);
        }
        catch (Exception e)
        {
            if (FailureOf(e, cancellationToken) is not { } failure)
            {
                await AbandonAsync(state).ConfigureAwait(false);
                throw;
            }

            await GiveUpAsync(state, failure, activity).ConfigureAwait(false);
            if (failure.Error == SecureChannelError.Canceled)
                throw;
            throw failure;
        }
    }

    /// <summary>
    /// What an exception says of the handshake; null where it is a fault of the program and goes up as it is.
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
            OperationCanceledException when _live is { IsRevoked: true } => SecureChannelException.Of(
                SecureChannelError.KeyStore,
                RevokedKey,
                e
            ),
            OperationCanceledException when _place is { IsEvicted: true } => Evicted(e),
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
        string name = options.LogNameOf(peer.ClientId);
        _logger.HandshakeDone(role, name, peer.Protocol, peer.Suite, peer.Epoch, elapsed.TotalMilliseconds);
        EstablishedChannel channel = new(transport, session, options.TimeProvider, _logger, name, _live);
        if (options.KeepAliveInterval != Timeout.InfiniteTimeSpan)
            channel.WatchPeer(options.KeepAliveInterval, options.KeepAliveTimeout);
        if (_live is not null && !_live.TryEstablish(channel))
            channel.Abort(RevokedKey);
        return channel;
    }

    private void Report(HandshakeAlarm alarm)
    {
        // A store in memory begins again with every start of its process: that a key which it never moved is behind
        // says nothing.
        if (_isFirstMove && alarm is HandshakeAlarm.ClientStoreBehind or HandshakeAlarm.ServerStoreBehind)
        {
            _logger.CaughtUp(role, _client, transport.RemoteName);
            return;
        }

        ChannelMetrics.AlarmRaised(role, alarm.ToString());
        _logger.Alarm(role, _client, transport.RemoteName, alarm.ToString());
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

    private async ValueTask GiveUpAsync(HandshakeState state, SecureChannelException failure, Activity? activity)
    {
        try
        {
            Report(failure, activity);
        }
        finally
        {
            await AbandonAsync(state).ConfigureAwait(false);
        }
    }

    private void Report(SecureChannelException failure, Activity? activity)
    {
        ChannelMetrics.HandshakeEnded(role, failure.Error, options.TimeProvider.GetElapsedTime(_started));
        activity.Failed(failure.Error);

        // What a store says may name the client; its exception still does, for the caller.
        bool mayName =
            options.HashIdsInLogs && failure is { Error: SecureChannelError.KeyStore, InnerException: not null };
        _logger.HandshakeFailed(
            role,
            _client,
            transport.RemoteName,
            failure.Error,
            mayName ? failure.InnerException!.GetType().Name : failure.Message
        );
    }

    private ValueTask AbandonAsync(HandshakeState state)
    {
        state.Dispose();
        _live?.Dispose();
        return transport.DisposeAsync();
    }

    private async ValueTask<HandshakeState> StepAsync(HandshakeState state, CancellationToken cancellationToken)
    {
        switch (state)
        {
            case FrameExpected expected:
                return await ReceiveAsync(expected, cancellationToken).ConfigureAwait(false);

            case KeyNeeded needed:
                _client = options.LogNameOf(needed.Id);
                _live?.Identify(needed.Id);
                using (
                    StoredKey? key = await AskStoreAsync(ended => FindAsync(needed.Id, ended), cancellationToken)
                        .ConfigureAwait(false)
                )
                {
                    _isFirstMove = store is InMemoryKeyStore && key is { LastSeen: null };
                    return needed.Found(key);
                }

            case AdvanceNeeded advance:
                SecretBytes epochKey = advance.TakeEpochKey();
                await AskStoreAsync(ended => AdvanceAsync(advance, epochKey, ended), cancellationToken)
                    .ConfigureAwait(false);
                return advance.Advanced();

            case SendNeeded send:
                await transport.WriteAsync(send.Bytes, cancellationToken).ConfigureAwait(false);
                return send.Sent();

            case LockNeeded turn:
                return await PerIdentityLock.TakeAsync(turn.Id, turn.Taken, cancellationToken).ConfigureAwait(false);

            case AdmissionNeeded admission:
                if (_place?.TryIdentify(admission.Id) == false)
                    throw Evicted();
                ReportEvictions();
                return admission.Admitted();

            default:
                throw new InvalidOperationException($"No driver for the handshake state {state.GetType().Name}.");
        }
    }

    private async ValueTask<HandshakeState> ReceiveAsync(FrameExpected expected, CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (expected.Parse(transport.Unread, out int length))
            {
                case FrameStatus.Complete:
                    byte[] frame = new byte[length];
                    transport.CopyFirst(frame);
                    transport.Consume(length);
                    return expected.Receive(frame);

                case FrameStatus.TooLarge:
                    throw SecureChannelException.Of(SecureChannelError.Limit, "a handshake message above the limit");

                case FrameStatus.Malformed:
                    throw SecureChannelException.Of(
                        SecureChannelError.Malformed,
                        "no handshake message of this protocol"
                    );
            }

            if (!await transport.ReadMoreAsync(cancellationToken).ConfigureAwait(false))
                throw SecureChannelException.Of(
                    role == ChannelRole.Client ? SecureChannelError.Refused : SecureChannelError.Truncated,
                    "the peer hung up in the handshake"
                );
        }
    }

    /// <summary>The call owns the key until the store has come back, which may be long after the handshake.</summary>
    private async ValueTask<bool> AdvanceAsync(
        AdvanceNeeded advance,
        SecretBytes epochKey,
        CancellationToken cancellationToken
    )
    {
        using (epochKey)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await store
                .AdvanceAsync(advance.Id, advance.Serial, advance.Epoch, epochKey.Memory, cancellationToken)
                .ConfigureAwait(false);
        }

        return true;
    }

    private ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return store.FindAsync(id, cancellationToken);
    }

    /// <summary>
    /// Waits for a store until the handshake ends, whatever the store does: it may block, or ignore its token.
    /// </summary>
    private async ValueTask<T> AskStoreAsync<T>(
        Func<CancellationToken, ValueTask<T>> question,
        CancellationToken cancellationToken
    )
    {
        try
        {
            if (store is InMemoryKeyStore)
                return await question(cancellationToken).ConfigureAwait(false);

            // A token of its own: what a store does when it is cancelled must not run before what ends the handshake.
            CancellationTokenSource ended = new();
            Task<T> answer = StoreThreads.RunAsync(store, () => question(ended.Token).AsTask());
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

    /// <summary>Tells a store that nobody waits any more, and takes what it still answers.</summary>
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
