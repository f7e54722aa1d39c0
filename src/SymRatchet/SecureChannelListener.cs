using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using SymRatchet.Channel;
using SymRatchet.Diagnostics;

namespace SymRatchet;

/// <summary>
/// Listens on a socket and returns a channel for each client that has proven its key, for servers without Kestrel.
/// </summary>
/// <remarks>
/// Handshakes run in parallel within the limits of <see cref="SecureChannelServerOptions.HandshakeLimiter"/>. A failed
/// one is logged and counted, and does not affect the others. Thread-safe. When 128 channels wait to be taken, no more
/// connections are accepted until one is.
/// </remarks>
public sealed class SecureChannelListener : IAsyncDisposable
{
    private const int Backlog = 512;
    private const int MaxReady = 128;
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromMilliseconds(100);

    private readonly Socket _socket;
    private readonly SecureChannelServerOptions _options;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<ISecureChannel> _ready = System.Threading.Channels.Channel.CreateBounded<ISecureChannel>(
        MaxReady
    );
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _handshakes = [];
    private readonly Task _accepting;
    private Task? _disposing;

    private SecureChannelListener(Socket socket, SecureChannelServerOptions options)
    {
        _socket = socket;
        _options = options;
        _logger = GuardedLogger.Create(options.LoggerFactory);
        LocalEndPoint = socket.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    /// <summary>Gets the local end point, with the port that the system chose if 0 was given.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>Starts to listen.</summary>
    /// <param name="local">
    /// An <see cref="IPEndPoint"/>, or a <see cref="UnixDomainSocketEndPoint"/> whose file does not exist yet.
    /// </param>
    /// <param name="options">The options of the server; copied.</param>
    /// <returns>The listener.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="local"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="SocketException">The address is in use, or not one of this machine.</exception>
    /// <remarks><see cref="IPAddress.IPv6Any"/> accepts IPv4, too.</remarks>
    public static SecureChannelListener Listen(EndPoint local, SecureChannelServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(options);
        SecureChannelServerOptions own = options.Validated();
        own.LeaveOpen = false;
        Socket socket = Dialer.CreateSocket(local.AddressFamily);
        try
        {
            if (local is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            socket.Bind(local);
            socket.Listen(Backlog);
            return new SecureChannelListener(socket, own);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Returns the accepted channels until the listener is disposed.</summary>
    /// <param name="cancellationToken">Cancels this enumeration; the listener continues.</param>
    /// <remarks>
    /// The caller disposes each channel. With several enumerations at a time, each channel is returned by one.
    /// </remarks>
    public IAsyncEnumerable<ISecureChannel> AcceptAllAsync(CancellationToken cancellationToken = default) =>
        _ready.Reader.ReadAllAsync(cancellationToken);

    /// <summary>
    /// Serves each client with a separate task until it is cancelled; then waits for the running tasks.
    /// </summary>
    /// <param name="handler">
    /// The handler of one channel. An exception ends this client only and is logged, except a
    /// <see cref="SecureChannelException"/>, which the channel has logged, and an
    /// <see cref="OperationCanceledException"/> after the cancellation.
    /// </param>
    /// <param name="cancellationToken">
    /// Stops serving: no more channels are taken, and the handlers' token is cancelled. The listener continues until it
    /// is disposed.
    /// </param>
    /// <returns>
    /// A task that completes when the last handler has returned, successfully even if handlers threw.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="handler"/> is null.</exception>
    /// <remarks>
    /// A channel is disposed when its handler returns or throws, so a handler must close it before it returns.
    /// </remarks>
    public async Task ServeAsync(
        Func<ISecureChannel, CancellationToken, Task> handler,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        int serving = 1; // this call itself
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await foreach (ISecureChannel channel in AcceptAllAsync(cancellationToken).ConfigureAwait(false))
            {
                Interlocked.Increment(ref serving);
                _ = Task.Run(() => ServeOneAsync(channel), CancellationToken.None);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }

        Leave();
        await done.Task.ConfigureAwait(false);

        async Task ServeOneAsync(ISecureChannel channel)
        {
            try
            {
                await using (channel.ConfigureAwait(false))
                    await HandleAsync(handler, channel, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Leave();
            }
        }

        void Leave()
        {
            if (Interlocked.Decrement(ref serving) == 0)
                done.SetResult();
        }
    }

    /// <summary>
    /// Stops the listener: no more connections are accepted, handshakes end, and channels that were not taken are
    /// disposed.
    /// </summary>
    /// <remarks>Channels that were taken stay open.</remarks>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
            return new ValueTask(_disposing ??= StopAsync());
    }

#pragma warning disable CA1031 // a handler may throw anything
    private async Task HandleAsync(
        Func<ISecureChannel, CancellationToken, Task> handler,
        ISecureChannel channel,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await handler(channel, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
            when (e is SecureChannelException
                || (e is OperationCanceledException && cancellationToken.IsCancellationRequested)
            )
        {
            // The channel has logged its failure, or the handler was cancelled.
        }
        catch (Exception e)
        {
            _logger.HandlerFailed(_options.LogNameOf(channel.Peer.ClientId), e);
        }
    }
#pragma warning restore CA1031

    private async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        Task[] handshakes;
        lock (_gate)
            handshakes = [.. _handshakes];
        await Task.WhenAll(handshakes).ConfigureAwait(false);
        _ready.Writer.Complete();
        while (_ready.Reader.TryRead(out ISecureChannel? channel))
            await channel.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (await _ready.Writer.WaitToWriteAsync(_stopping.Token).ConfigureAwait(false))
            {
                if (await AcceptOneAsync().ConfigureAwait(false) is { } connection)
                    Begin(connection);
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
        finally
        {
            _socket.Dispose();
        }
    }

    // A connection that failed before it was accepted, or a temporary lack of handles, must not end the listener.
    private async Task<Socket?> AcceptOneAsync()
    {
        try
        {
            return await _socket.AcceptAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            _logger.AcceptFailed(e);
            await Task.Delay(PauseAfterError, _options.TimeProvider, _stopping.Token).ConfigureAwait(false);
            return null;
        }
    }

    private void Begin(Socket connection)
    {
        Task handshake = HandshakeAsync(connection);
        lock (_gate)
            _handshakes.Add(handshake);
        _ = handshake.ContinueWith(
            done =>
            {
                lock (_gate)
                    _handshakes.Remove(done);
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
    }

    private async Task HandshakeAsync(Socket connection)
    {
        await Task.Yield();
        ISecureChannel? channel = null;
        try
        {
            if (connection.ProtocolType == ProtocolType.Tcp)
                connection.NoDelay = true;
            channel = await SecureChannel
                .AcceptAsync(new NetworkStream(connection, ownsSocket: true), _options, _stopping.Token)
                .ConfigureAwait(false);
            await _ready.Writer.WriteAsync(channel, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The handshake has logged its failure. Anything else comes from a logger or clock of the options and ends
            // this connection only.
            connection.Dispose();
            if (channel is not null)
                await channel.DisposeAsync().ConfigureAwait(false);
        }
    }
}
