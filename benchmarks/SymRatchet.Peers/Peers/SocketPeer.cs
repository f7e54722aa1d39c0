using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Peers.Peers;

/// <summary>A peer that protects a TCP connection from within the program that uses it.</summary>
internal abstract class SocketPeer : Peer
{
    internal sealed override async Task<PeerConnection> ConnectAsync(int port, string credential)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return await ConnectAsync(new NetworkStream(socket, ownsSocket: true), credential);
    }

    internal override Task<int> ListenAsync(Func<PeerConnection, Task> serve)
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start(backlog: 8192);
        _ = AcceptAllAsync(listener, serve);
        return Task.FromResult(((IPEndPoint)listener.LocalEndpoint).Port);
    }

    /// <summary>Protects the client's end.</summary>
    private protected abstract Task<PeerConnection> ConnectAsync(Stream transport, string credential);

    /// <summary>Protects the server's end.</summary>
    private protected abstract Task<PeerConnection> AcceptAsync(Stream transport);

    private async Task AcceptAllAsync(TcpListener listener, Func<PeerConnection, Task> serve)
    {
        while (true)
        {
            Socket socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            _ = ServeAsync(socket, serve);
        }
    }

    // A client that hangs up is done with its measurement.
    private async Task ServeAsync(Socket socket, Func<PeerConnection, Task> serve)
    {
        try
        {
            await using PeerConnection connection = await AcceptAsync(new NetworkStream(socket, ownsSocket: true));
            await serve(connection);
        }
        catch (Exception e) when (e is IOException or SecureChannelException or SocketException or ObjectDisposedException)
        {
            socket.Dispose();
        }
    }
}
