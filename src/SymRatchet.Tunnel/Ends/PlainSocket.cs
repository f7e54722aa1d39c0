using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Tunnel.Ends;

/// <summary>Creates sockets, and sets what all sockets of a tunnel have.</summary>
internal static class PlainSocket
{
    // A vanished machine is found after 10 + 3 * 5 seconds.
    private const int KeepAliveSeconds = 10;
    private const int KeepAliveProbeSeconds = 5;
    private const int KeepAliveProbes = 3;

    /// <summary>Creates a stream socket; dual-stack if the address family is unspecified, as for a name.</summary>
    internal static Socket Create(AddressFamily family) =>
        family switch
        {
            AddressFamily.Unix => new Socket(family, SocketType.Stream, ProtocolType.Unspecified),
            AddressFamily.Unspecified => new Socket(SocketType.Stream, ProtocolType.Tcp),
            _ => new Socket(family, SocketType.Stream, ProtocolType.Tcp),
        };

    /// <summary>Connects to an end point.</summary>
    /// <param name="endPoint">Where to connect.</param>
    /// <param name="isPlain">
    /// Whether the socket is set to end by a reset, which must be before the first byte.
    /// </param>
    /// <param name="cancellationToken">Cancels the connecting.</param>
    /// <exception cref="SocketException">The connection was refused, or failed.</exception>
    internal static async ValueTask<Socket> ConnectAsync(
        TunnelEndPoint endPoint,
        bool isPlain,
        CancellationToken cancellationToken
    )
    {
        EndPoint remote = endPoint.ToEndPoint();
        Socket socket = Create(remote.AddressFamily);
        try
        {
            if (isPlain)
                SetReset(socket, enabled: true);
            await socket.ConnectAsync(remote, cancellationToken).ConfigureAwait(false);
            Prepare(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sets the options of a connected socket.</summary>
    internal static void Prepare(Socket socket)
    {
        if (socket.ProtocolType != ProtocolType.Tcp)
            return;
        // Each write is a batch already; Nagle's algorithm would only add delay.
        Set(() => socket.NoDelay = true);
        // Finds a vanished peer also while this side does not read, or after a half-close, when a channel's own
        // keep-alive does not run.
        Set(() =>
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, KeepAliveProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, KeepAliveProbes);
        });
    }

    /// <summary>Sets whether closing the socket, by this process or by its death, resets the connection.</summary>
    internal static void SetReset(Socket socket, bool enabled) =>
        Set(() => socket.LingerState = new LingerOption(enabled, seconds: 0));

    /// <summary>Closes a plain socket so that the application sees an error.</summary>
    internal static void Reset(Socket socket)
    {
        SetReset(socket, enabled: true);
        socket.Dispose();
    }

    private static void Set(Action option)
    {
        try
        {
            option();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or PlatformNotSupportedException)
        {
            // The socket is closed already, or has no such option.
        }
    }
}
