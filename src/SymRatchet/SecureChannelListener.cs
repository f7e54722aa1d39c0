using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using SymRatchet.Channel;
using SymRatchet.Diagnostics;

namespace SymRatchet;

/// <summary>
/// Listens on a socket and hands out a channel for each client that has proven its key, for servers without Kestrel.
/// Handshakes run side by side within the limits of <see cref="SecureChannelServerOptions.HandshakeLimiter"/>; one that
/// fails is logged and counted and disturbs no other. Thread-safe.
/// </summary>
/// <remarks>
/// A client whose channel is not taken waits: once some do, no more connections are accepted until they are taken.
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

    /// <summary>Where it listens; with the port that the system chose where 0 was asked for.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>Begins to listen. <see cref="IPAddress.IPv6Any"/> takes IPv4, too.</summary>
    /// <param name="local">
    /// An <see cref="IPEndPoint"/>, or a <see cref="UnixDomainSocketEndPoint"/> whose file is not there yet.
    /// </param>
    /// <param name="options">The keys of the clients; copied.</param>
    /// <exception cref="ArgumentException">The options are incomplete.</exception>
    /// <exception cref="SocketException">The address is in use, or not one of this machine.</exception>
    public static SecureChannelListener Listen(EndPoint local, SecureChannelServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(options);
        SecureChannelServerOptions own = options.Validated();
        own.LeaveOpen = false;
        Socket socket = Dialer.Make(local.AddressFamily);
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

    /// <summary>
    /// Hands out channels until the listener is disposed. Whoever takes a channel disposes it. Several may enumerate at
    /// the same time; each channel is given to one.
    /// </summary>
    /// <param name="cancellationToken">Ends this enumeration; the listener goes on.</param>
    public IAsyncEnumerable<ISecureChannel> AcceptAllAsync(CancellationToken cancellationToken = default) =>
        _ready.Reader.ReadAllAsync(cancellationToken);

    /// <summary>
    /// Serves each client with a task of its own, side by side, until it is told to stop; then it waits for those that
    /// are under way. A channel is disposed when its handler returns or throws, so a handler that is done closes it
    /// first.
    /// </summary>
    /// <param name="handler">
    /// What is done with a channel. What it throws ends this client only and is logged, but for
    /// <see cref="SecureChannelException"/>, which the channel's own log line tells, and for
    /// <see cref="OperationCanceledException"/> once it is to stop.
    /// </param>
    /// <param name="cancellationToken">
    /// Stops it: no more channels are taken, and the handlers' token is cancelled. The listener goes on until it is
    /// disposed.
    /// </param>
    /// <returns>
    /// A task that ends when the last handler has returned; it ends well, whatever the handlers threw.
    /// </returns>
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
            // It was told to stop.
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
    /// Stops: no more connections are accepted, handshakes end, and channels that nobody has taken are aborted. Those
    /// that were handed out stay.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        lock (_gate)
            return new ValueTask(_disposing ??= StopAsync());
    }

#pragma warning disable CA1031 // a handler is the user's, and may throw anything
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
            // The channel's own line says why it ended; or everybody was told to stop.
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
            // It was told to stop.
        }
        finally
        {
            _socket.Dispose();
        }
    }

    // A connection that broke before it was taken, or a process without handles, is over soon; the listener is not.
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
            // The handshake's own log says why; what it cannot have logged is a fault of what the options brought
            // along, a log or a clock, and ends this connection only.
            connection.Dispose();
            if (channel is not null)
                await channel.DisposeAsync().ConfigureAwait(false);
        }
    }
}
