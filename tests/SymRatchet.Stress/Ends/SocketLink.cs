using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Stress.Ends;

/// <summary>Two ends of a TCP connection over the loopback.</summary>
internal sealed record SocketLink(Socket Client, Socket Server) : IDisposable
{
    internal static async Task<SocketLink> CreateAsync(Random random)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        Socket client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (random.Next(2) == 0)
            client.SendBufferSize = client.ReceiveBufferSize = 8 * 1024;
        await client.ConnectAsync(listener.LocalEndPoint!);
        Socket server = await listener.AcceptAsync();
        server.NoDelay = true;
        return new SocketLink(client, server);
    }

    internal static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already.
        }

        socket.Dispose();
    }

    // By a reset, so that no port waits for a minute.
    public void Dispose()
    {
        Reset(Client);
        Reset(Server);
    }
}
