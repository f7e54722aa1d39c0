using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using SymRatchet.Diagnostics;
using SymRatchet.Session;

namespace SymRatchet.Channel;

/// <summary>
/// Gives each handshake state what it waits for, until there is a session or a refusal. It alone meets the wire, the store and
/// the clock; what any of it means is the states' business.
/// </summary>
internal static class HandshakeDriver
{
    internal static async ValueTask<ISecureChannel> RunAsync(
        Transport transport, HandshakeState start, ChannelRole role, IKeyStore store, SecureChannelOptions options, CancellationToken cancellationToken)
    {
        ILogger logger = options.LoggerFactory.CreateLogger("SymRatchet.Channel");
        long started = options.TimeProvider.GetTimestamp();
        using CancellationTokenSource timeout = new(options.HandshakeTimeout, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);

        HandshakeState state = start;
        SecureChannelException failure;
        try
        {
            while (state is not (Established or Refused))
                state = await StepAsync(transport, state, store, either.Token).ConfigureAwait(false);

            if (state is Established established)
            {
                TimeSpan elapsed = options.TimeProvider.GetElapsedTime(started);
                ChannelMetrics.HandshakeEnded(role, SecureChannelError.None, elapsed);
                logger.HandshakeDone(role, established.Session.Peer, elapsed.TotalMilliseconds);
                return new EstablishedChannel(transport, established.Session, logger);
            }

            var refused = (Refused)state;
            await SayLastWordAsync(transport.Output, refused.LastWord, either.Token).ConfigureAwait(false);
            failure = SecureChannelException.Of(refused.Error, refused.Detail);
        }
        catch (SecureChannelException e)
        {
            failure = e;
        }
        catch (OperationCanceledException e) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            failure = SecureChannelException.Of(SecureChannelError.Timeout, $"limit {options.HandshakeTimeout.TotalSeconds:0.#} s", e);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            failure = SecureChannelException.Of(SecureChannelError.Transport, e.Message, e);
        }
        catch
        {
            await AbandonAsync(transport, state).ConfigureAwait(false);
            throw;
        }

        ChannelMetrics.HandshakeEnded(role, failure.Error, options.TimeProvider.GetElapsedTime(started));
        logger.HandshakeFailed(role, transport.RemoteName, failure.Error, failure.Message);
        await AbandonAsync(transport, state).ConfigureAwait(false);
        throw failure;
    }

    private static async ValueTask<HandshakeState> StepAsync(Transport transport, HandshakeState state, IKeyStore store, CancellationToken cancellationToken)
    {
        switch (state)
        {
            case FrameExpected expected:
                return await ReceiveAsync(transport, expected, cancellationToken).ConfigureAwait(false);

            case KeyNeeded needed:
                using (StoredKey? key = await FindAsync(store, needed.Id, cancellationToken).ConfigureAwait(false))
                    return needed.Found(key);

            case SendNeeded send:
                await transport.Output.WriteAsync(send.Bytes, cancellationToken).ConfigureAwait(false);
                return send.Sent();

            default:
                throw new InvalidOperationException($"No driver for the handshake state {state.GetType().Name}.");
        }
    }

    private static async ValueTask<HandshakeState> ReceiveAsync(Transport transport, FrameExpected expected, CancellationToken cancellationToken)
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
                    return new Refused(SecureChannelError.Limit, "a handshake message above the limit");

                case FrameStatus.Malformed:
                    return new Refused(SecureChannelError.Malformed, "no handshake message of this protocol");
            }

            if (!await transport.ReadMoreAsync(cancellationToken).ConfigureAwait(false))
                throw SecureChannelException.Of(SecureChannelError.Truncated, "the peer hung up in the handshake");
        }
    }

    private static async ValueTask<StoredKey?> FindAsync(IKeyStore store, ReadOnlyMemory<byte> id, CancellationToken cancellationToken)
    {
        try
        {
            return await store.FindAsync(id, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw SecureChannelException.Of(SecureChannelError.KeyStore, e.Message, e);
        }
    }

    private static async ValueTask SayLastWordAsync(PipeWriter output, ReadOnlyMemory<byte> lastWord, CancellationToken cancellationToken)
    {
        if (!lastWord.IsEmpty)
            await output.WriteAsync(lastWord, cancellationToken).ConfigureAwait(false);
    }

    private static ValueTask AbandonAsync(Transport transport, HandshakeState state)
    {
        state.Dispose();
        return transport.DisposeAsync();
    }
}
