using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using SymRatchet.Tunnel.Diagnostics;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel;

/// <summary>Listens on every address of an end point.</summary>
internal sealed class Acceptor : IAsyncDisposable
{
    private const int Backlog = 4096; // the system lowers it to its own limit
    private static readonly TimeSpan PauseAfterError = TimeSpan.FromMilliseconds(100);

    private readonly List<Socket> _sockets = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly bool _isPlain;
    private readonly string _tunnel;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private Task _accepting = Task.CompletedTask;

    private Acceptor(bool isPlain, string tunnel, TimeProvider time, ILogger logger) =>
        (_isPlain, _tunnel, _time, _logger) = (isPlain, tunnel, time, logger);

    /// <summary>The first local end point, with the port that the system chose if 0 was given.</summary>
    internal EndPoint LocalEndPoint => _sockets[0].LocalEndPoint!;

    /// <summary>Starts to listen. Nothing is accepted yet.</summary>
    /// <param name="listen">Where.</param>
    /// <param name="isPlain">
    /// Whether the connections are those of an application, which end by a reset even if this process is killed between
    /// the system's accepting them and its own.
    /// </param>
    /// <param name="tunnel">The tunnel's name.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log.</param>
    /// <param name="cancellationToken">Cancels the resolving of a name.</param>
    /// <exception cref="SocketException">
    /// The name is unknown, or the address is in use or not of this machine.
    /// </exception>
    internal static async Task<Acceptor> ListenAsync(
        TunnelEndPoint listen,
        bool isPlain,
        string tunnel,
        TimeProvider time,
        ILogger logger,
        CancellationToken cancellationToken
    )
    {
        Acceptor acceptor = new(isPlain, tunnel, time, logger);
        try
        {
            foreach (EndPoint local in await ResolveAsync(listen, cancellationToken).ConfigureAwait(false))
                acceptor.Listen(local, listen.Port);
            return acceptor;
        }
        catch
        {
            await acceptor.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Accepts until this is disposed.</summary>
    /// <param name="accepted">Gets each connection; must not block.</param>
    internal void Start(Action<Socket> accepted)
    {
        if (_logger.IsEnabled(LogLevel.Information))
            _logger.Listens(_tunnel, TunnelEndPoint.From(LocalEndPoint).ToString());
        _accepting = Task.WhenAll(_sockets.Select(socket => AcceptAsync(socket, accepted)));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(false);
        // Connections that nobody accepted are reset, and the file of a Unix socket is deleted.
        foreach (Socket socket in _sockets)
            socket.Dispose();
        _stopping.Dispose();
    }

    private static async Task<EndPoint[]> ResolveAsync(TunnelEndPoint listen, CancellationToken cancellationToken)
    {
        if (listen.ToEndPoint() is not DnsEndPoint name)
            return [listen.ToEndPoint()];
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(name.Host, cancellationToken).ConfigureAwait(false);
        return addresses.Length == 0
            ? throw new SocketException((int)SocketError.HostNotFound)
            : [.. addresses.Select(address => new IPEndPoint(address, name.Port))];
    }

    private void Listen(EndPoint local, int port)
    {
        // If the system chose the port of the first address, the others take the same.
        if (port == 0 && local is IPEndPoint ip && _sockets is [Socket first, ..])
            ip.Port = ((IPEndPoint)first.LocalEndPoint!).Port;
        Socket socket = PlainSocket.Create(local.AddressFamily);
        try
        {
            if (local is IPEndPoint { Address: var address } && address.Equals(IPAddress.IPv6Any))
                socket.DualMode = true;
            if (_isPlain)
                PlainSocket.SetReset(socket, enabled: true); // inherited by what is accepted
            Bind(socket, local);
            socket.Listen(Backlog);
            _sockets.Add(socket);
        }
        catch (SocketException e)
            when (e.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable
                && _sockets.Count > 0
            )
        {
            // A name may have an address that this machine has not, as localhost has ::1.
            socket.Dispose();
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Bind(Socket socket, EndPoint local)
    {
        try
        {
            socket.Bind(local);
        }
        catch (SocketException e)
            when (e.SocketErrorCode == SocketError.AddressAlreadyInUse
                && local is UnixDomainSocketEndPoint unix
                && IsAbandoned(unix)
            )
        {
            File.Delete(unix.ToString());
            socket.Bind(local);
        }
    }

    // The file of a process that was killed stays, but nobody listens on it.
    private static bool IsAbandoned(UnixDomainSocketEndPoint unix)
    {
        using Socket probe = PlainSocket.Create(AddressFamily.Unix);
        try
        {
            probe.Connect(unix);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused && IsSocket(unix.ToString());
        }
    }

    private static bool IsSocket(string path) =>
        File.Exists(path)
        && (File.GetAttributes(path) & (FileAttributes.Directory | FileAttributes.ReparsePoint)) == 0
        && new FileInfo(path).Length == 0;

    private async Task AcceptAsync(Socket listener, Action<Socket> accepted)
    {
        await Task.Yield();
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (_isPlain)
                    PlainSocket.SetReset(socket, enabled: true);
                PlainSocket.Prepare(socket);
                accepted(socket);
                // Under a flood there is always a next one, and the thread may be the one that all sockets wait for.
                await Task.Yield();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException e)
            {
                // A connection that failed before it was accepted, or a lack of handles, must not end the tunnel.
                _logger.AcceptFailed(_tunnel, e);
                await Task.Delay(PauseAfterError, _time, _stopping.Token)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
