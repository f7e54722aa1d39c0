using System.Net;
using System.Net.Sockets;

namespace SymRatchet.TestKit;

/// <summary>Two ends of a TCP connection on the loopback.</summary>
public sealed class SocketPair : IAsyncDisposable
{
    private SocketPair(Stream client, Stream server)
    {
        Client = client;
        Server = server;
    }

    public Stream Client { get; }

    public Stream Server { get; }

    public static async Task<SocketPair> CreateAsync()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        TcpClient client = new() { NoDelay = true };
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        TcpClient server = await listener.AcceptTcpClientAsync();
        server.NoDelay = true;
        return new SocketPair(client.GetStream(), server.GetStream());
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        await Server.DisposeAsync();
    }
}
