using System.Net;
using System.Net.Sockets;
using SymRatchet.Tunnel;

namespace SymRatchet.Tool.Channels;

/// <summary>A channel to a server, and how long it took to make.</summary>
internal sealed class ConnectedChannel : IAsyncDisposable
{
    // A peer that is gone without a word is found in half a minute, whether or not anybody sends.
    private const int IdleSeconds = 15;
    private const int ProbeSeconds = 5;
    private const int Probes = 3;

    private ConnectedChannel(ISecureChannel channel, string? remote, TimeSpan connecting, TimeSpan handshake)
    {
        Channel = channel;
        Remote = remote;
        Connecting = connecting;
        Handshake = handshake;
    }

    internal ISecureChannel Channel { get; }

    /// <summary>The IP address that a name was resolved to, and the port; null for a Unix socket.</summary>
    internal string? Remote { get; }

    /// <summary>The time of the lookup and the connection beneath the channel.</summary>
    internal TimeSpan Connecting { get; }

    internal TimeSpan Handshake { get; }

    internal static async Task<(Stream Connection, TimeSpan Elapsed)> DialAsync(
        TunnelEndPoint address,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        long started = TimeProvider.System.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        EndPoint remote = address.ToEndPoint();
        Socket socket = CreateSocket(remote);
        try
        {
            await socket.ConnectAsync(remote, limit.Token);
            return (new NetworkStream(socket, ownsSocket: true), TimeProvider.System.GetElapsedTime(started));
        }
        catch (Exception e)
        {
            socket.Dispose();
            throw e switch
            {
                SocketException => new ToolException($"cannot connect to {address}: {e.Message}"),
                OperationCanceledException when !cancellationToken.IsCancellationRequested => new ToolException(
                    $"cannot connect to {address}: no answer within {timeout.TotalSeconds:0.#} s"
                ),
                _ => e,
            };
        }
    }

    /// <summary>Makes the handshake. The channel owns the connection.</summary>
    internal static async Task<ConnectedChannel> HandshakeAsync(
        TunnelEndPoint address,
        Stream connection,
        TimeSpan connecting,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken
    )
    {
        string? remote = (connection as NetworkStream)?.Socket.RemoteEndPoint is IPEndPoint end
            ? new IPEndPoint(
                end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address,
                end.Port
            ).ToString()
            : null;
        long started = TimeProvider.System.GetTimestamp();
        try
        {
            ISecureChannel channel = await SecureChannel.ConnectAsync(connection, options, cancellationToken);
            return new ConnectedChannel(channel, remote, connecting, TimeProvider.System.GetElapsedTime(started));
        }
        catch (SecureChannelException e)
        {
            throw new ToolException($"the handshake with {address} failed ({e.Error}): {e.Message}", innerException: e);
        }
    }

    public ValueTask DisposeAsync() => Channel.DisposeAsync();

    private static Socket CreateSocket(EndPoint remote)
    {
        if (remote is UnixDomainSocketEndPoint)
            return new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        return socket;
    }
}
