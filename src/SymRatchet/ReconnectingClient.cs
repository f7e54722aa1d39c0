using System.Buffers.Binary;
using System.Net;
using System.Runtime.CompilerServices;
using SymRatchet.Crypto;

namespace SymRatchet;

/// <summary>Connects again whenever a channel ends, with a randomised exponential backoff.</summary>
/// <remarks>
/// The delay before an attempt is random, with a bound that doubles with each failure, so that a fleet does not
/// reconnect at once. The application must resend messages that were not acknowledged. Thread-safe; each enumeration
/// has its own connections.
/// </remarks>
public sealed class ReconnectingClient
{
    private readonly Func<CancellationToken, ValueTask<ISecureChannel>> _connect;

    /// <summary>Initializes a new instance of the <see cref="ReconnectingClient"/> class for one server.</summary>
    /// <param name="remote">
    /// The server, as for
    /// <see cref="SecureChannel.ConnectAsync(EndPoint, SecureChannelClientOptions, CancellationToken)"/>.
    /// </param>
    /// <param name="options">
    /// The options of the client; copied. They should have a durable key store, for restarts of the program.
    /// </param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="remote"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete.</exception>
    public ReconnectingClient(EndPoint remote, SecureChannelClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(options);
        SecureChannelClientOptions own = options.Validated();
        _connect = cancellationToken => SecureChannel.ConnectAsync(remote, own, cancellationToken);
        TimeProvider = own.TimeProvider;
    }

    /// <summary>
    /// Initializes a new instance of the <see cref="ReconnectingClient"/> class with a custom way to connect.
    /// </summary>
    /// <param name="connect">
    /// Connects a channel. After a <see cref="SecureChannelException"/> that
    /// <see cref="SecureChannelException.IsTransient"/> it is called again; any other exception ends the enumeration.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="connect"/> is null.</exception>
    public ReconnectingClient(Func<CancellationToken, ValueTask<ISecureChannel>> connect)
    {
        ArgumentNullException.ThrowIfNull(connect);
        _connect = connect;
    }

    /// <summary>Occurs before each delay.</summary>
    /// <remarks>Raised on the enumerating task, which continues when the handlers return.</remarks>
    public event EventHandler<ReconnectEventArgs>? Waiting;

    /// <summary>Gets or initializes the bound of the first delay.</summary>
    /// <value>Positive; the default is 1 second.</value>
    /// <remarks>The bound doubles with each consecutive failure.</remarks>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets or initializes the largest bound of a delay.</summary>
    /// <value><see cref="FirstDelay"/> to 1 day; the default is 1 minute.</value>
    /// <remarks>A channel that lasted this long resets the bound.</remarks>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Gets or initializes how long a reachable server may refuse handshakes before the client gives up.
    /// </summary>
    /// <value>Positive; the default is <see cref="Timeout.InfiniteTimeSpan"/>.</value>
    /// <remarks>
    /// A server does not reveal why it refuses: a revoked key looks like a server at its limits, or like an attacker
    /// who modifies messages, but it lasts. A day suits a device whose server may lose its store for hours.
    /// </remarks>
    public TimeSpan RefusalLimit { get; init; } = Timeout.InfiniteTimeSpan;

    /// <summary>Gets or initializes the clock of the delays.</summary>
    /// <value>The default is that of the options, or <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Returns an endless sequence of channels.</summary>
    /// <param name="cancellationToken">Cancels the enumeration.</param>
    /// <exception cref="SecureChannelException">
    /// An attempt was ended by this side, or handshakes were refused for <see cref="RefusalLimit"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">The enumeration was cancelled.</exception>
    /// <exception cref="InvalidOperationException">A delay or <see cref="RefusalLimit"/> is out of range.</exception>
    /// <remarks>
    /// A channel is disposed when the next one is requested. Catch exceptions of its use inside the loop, or the loop
    /// ends.
    /// </remarks>
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
                ThrowIfRefusalLimitReached(TimeProvider.GetElapsedTime(first), error!);
            if (channel is not null)
            {
                long began = TimeProvider.GetTimestamp();
                await using (channel.ConfigureAwait(false))
                    yield return channel;
                if (TimeProvider.GetElapsedTime(began) >= LongestDelay)
                    failures = 0;
            }

            TimeSpan delay = RandomFraction() * DelayBound(failures);
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

    private void ThrowIfRefusalLimitReached(TimeSpan refused, SecureChannelException error)
    {
        if (RefusalLimit != Timeout.InfiniteTimeSpan && refused >= RefusalLimit)
            throw SecureChannelException.Of(
                SecureChannelError.Refused,
                $"refused for {refused.TotalSeconds:0.#} s: the key may be revoked; limit "
                    + $"{RefusalLimit.TotalSeconds:0.#} s",
                error
            );
    }

    // Errors that show a reachable server; after one of a store, a transport or a timeout it may be unreachable.
    private static bool IsRefusal(SecureChannelError error) =>
        error
            is SecureChannelError.Refused
                or SecureChannelError.Authentication
                or SecureChannelError.UnexpectedMessage
                or SecureChannelError.UnexpectedRound
                or SecureChannelError.Malformed
                or SecureChannelError.Limit;

    private static double RandomFraction()
    {
        Span<byte> random = stackalloc byte[sizeof(uint)];
        RandomSource.System.Fill(random);
        return BinaryPrimitives.ReadUInt32LittleEndian(random) / (double)uint.MaxValue;
    }

    private TimeSpan DelayBound(int failures)
    {
        TimeSpan bound = FirstDelay;
        for (int i = 0; i < failures && bound < LongestDelay; i++)
            bound *= 2;
        return bound < LongestDelay ? bound : LongestDelay;
    }
}
