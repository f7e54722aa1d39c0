using System.Net;
using System.Net.Sockets;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Peers;

/// <summary>A peer that protects a TCP connection from within the program that uses it.</summary>
internal abstract class SocketPeer : WirePeer
{
    internal sealed override async Task<PeerConnection> ConnectAsync(int port, string credential, IPAddress? from)
    {
        Socket socket = await LoopbackAddresses.DialAsync(from, port);
        return await ConnectAsync(new NetworkStream(socket, ownsSocket: true), credential);
    }

    internal override Task<int> ListenAsync()
    {
        TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start(backlog: 8192);
        _ = AcceptAllAsync(listener);
        return Task.FromResult(((IPEndPoint)listener.LocalEndpoint).Port);
    }

    /// <summary>Protects the client's end.</summary>
    private protected abstract Task<PeerConnection> ConnectAsync(Stream transport, string credential);

    /// <summary>Protects the server's end.</summary>
    private protected abstract Task<PeerConnection> AcceptAsync(Stream transport);

    private async Task AcceptAllAsync(TcpListener listener)
    {
        while (true)
        {
            Socket socket = await listener.AcceptSocketAsync();
            socket.NoDelay = true;
            _ = ServeAsync(socket);
        }
    }

    // A client that hangs up is done with its measurement.
    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using PeerConnection connection = await AcceptAsync(new NetworkStream(socket, ownsSocket: true));
            await ServeAsync(connection);
        }
        catch (Exception e)
            when (e is IOException or SecureChannelException or SocketException or ObjectDisposedException)
        {
            socket.Dispose();
        }
    }
}
