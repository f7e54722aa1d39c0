using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using SymRatchet.Crypto;

namespace SymRatchet;

/// <summary>
/// Connects for as long as a program runs: one channel after another, each to be used until it ends. Between attempts
/// it waits a random time whose bound doubles with each failure, so that a fleet does not come back all at once. What
/// was sent and not acknowledged is the application's to send again. Thread-safe; each enumeration connects for itself.
/// </summary>
public sealed class ReconnectingClient
{
    private readonly Func<CancellationToken, ValueTask<ISecureChannel>> _connect;

    /// <summary>A client that connects to one server.</summary>
    /// <param name="remote">
    /// The server, as for
    /// <see cref="SecureChannel.ConnectAsync(EndPoint, SecureChannelClientOptions, CancellationToken)"/>.
    /// </param>
    /// <param name="options">
    /// Who the client is; copied. With a durable store of keys, since the program will start again some day.
    /// </param>
    /// <exception cref="ArgumentException">The options are incomplete.</exception>
    public ReconnectingClient(EndPoint remote, SecureChannelClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(options);
        SecureChannelClientOptions own = options.Validated();
        _connect = cancellationToken => SecureChannel.ConnectAsync(remote, own, cancellationToken);
        TimeProvider = own.TimeProvider;
    }

    /// <summary>A client that connects in a way of its own.</summary>
    /// <param name="connect">
    /// Makes a channel. What it throws is tried again where it is a <see cref="SecureChannelException"/> that
    /// <see cref="SecureChannelException.IsTransient"/>; anything else ends the enumeration.
    /// </param>
    public ReconnectingClient(Func<CancellationToken, ValueTask<ISecureChannel>> connect)
    {
        ArgumentNullException.ThrowIfNull(connect);
        _connect = connect;
    }

    /// <summary>
    /// Tells of each wait before the next attempt. Raised on the enumerating task, which goes on when the handlers
    /// return.
    /// </summary>
    public event EventHandler<ReconnectEventArgs>? Waiting;

    /// <summary>The bound of the first wait; one second by default. It doubles with each failure in a row.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The bound of any wait; one minute by default. A channel that stood for so long ends a row of failures.
    /// </summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// For how long handshakes may fail with a server that is there before the client gives up;
    /// <see cref="Timeout.InfiniteTimeSpan"/>, the default, for ever. A server does not say why it refuses: a revoked
    /// key looks like a server without room, or like somebody who changes messages on the way, but it lasts. A day
    /// suits a device whose server may lose its store for hours.
    /// </summary>
    public TimeSpan RefusalLimit { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>The clock of the waits.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Gives one channel after another, for ever. Each is disposed when the next one is asked for; catch what its use
    /// throws inside the loop, or the loop ends.
    /// </summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="SecureChannelException">This side itself ended an attempt, or handshakes failed for as long as
    /// <see cref="RefusalLimit"/>.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public IAsyncEnumerable<ISecureChannel> ConnectAllAsync(CancellationToken cancellationToken = default)
    {
        if (FirstDelay <= TimeSpan.Zero || LongestDelay < FirstDelay || LongestDelay > TimeSpan.FromDays(1))
            throw new InvalidOperationException(
                $"{nameof(FirstDelay)} must be positive, and {nameof(LongestDelay)} no less and at most a day."
            );
        if (RefusalLimit != Timeout.InfiniteTimeSpan && RefusalLimit <= TimeSpan.Zero)
            throw new InvalidOperationException(
                $"{nameof(RefusalLimit)} must be positive, or {nameof(Timeout)}.{nameof(Timeout.InfiniteTimeSpan)}."
            );
        return ConnectAllCoreAsync(cancellationToken);
    }

    private async IAsyncEnumerable<ISecureChannel> ConnectAllCoreAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        long? firstRefusal = null;
        for (int failures = 0; ; failures++)
        {
            (ISecureChannel? channel, SecureChannelException? error) = await TryConnectAsync(cancellationToken)
                .ConfigureAwait(false);
            firstRefusal =
                error is not null && IsRefusal(error.Error) ? firstRefusal ?? TimeProvider.GetTimestamp() : null;
            if (firstRefusal is { } first)
                ThrowIfRefusedForLong(TimeProvider.GetElapsedTime(first), error!);
            if (channel is not null)
            {
                long began = TimeProvider.GetTimestamp();
                await using (channel.ConfigureAwait(false))
                    yield return channel;
                if (TimeProvider.GetElapsedTime(began) >= LongestDelay)
                    failures = 0;
            }

            TimeSpan delay = Share() * Bound(failures);
            Waiting?.Invoke(this, new ReconnectEventArgs(error, delay));
            await Task.Delay(delay, TimeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<(ISecureChannel?, SecureChannelException?)> TryConnectAsync(
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return (await _connect(cancellationToken).ConfigureAwait(false), null);
        }
        catch (SecureChannelException e) when (e.IsTransient)
        {
            return (null, e);
        }
    }

    private void ThrowIfRefusedForLong(TimeSpan refused, SecureChannelException error)
    {
        if (RefusalLimit != Timeout.InfiniteTimeSpan && refused >= RefusalLimit)
            throw SecureChannelException.Of(
                SecureChannelError.Refused,
                $"refused for {refused.TotalSeconds:0.#} s: the key may be revoked; limit "
                    + $"{RefusalLimit.TotalSeconds:0.#} s",
                error
            );
    }

    // The server was there. Where a store, a wire or a clock failed, it may not have been.
    private static bool IsRefusal(SecureChannelError error) =>
        error
            is SecureChannelError.Refused
                or SecureChannelError.Authentication
                or SecureChannelError.UnexpectedMessage
                or SecureChannelError.UnexpectedRound
                or SecureChannelError.Malformed
                or SecureChannelError.Limit;

    private static double Share()
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        RandomSource.System.Fill(random);
        return BinaryPrimitives.ReadUInt32LittleEndian(random) / (double)uint.MaxValue;
    }

    private TimeSpan Bound(int failures)
    {
        TimeSpan bound = FirstDelay;
        for (int i = 0; i < failures && bound < LongestDelay; i++)
            bound *= 2;
        return bound < LongestDelay ? bound : LongestDelay;
    }
}
