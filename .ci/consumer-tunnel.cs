using System.Net;
using System.Net.Sockets;
using System.Text;
using SymRatchet;
using SymRatchet.Tunnel;

// A program that knows nothing of channels, and one that connects to it, with a tunnel between them.
using TcpListener target = new(IPAddress.Loopback, 0);
target.Start();
using PreSharedKey key = PreSharedKey.Generate("sensor-17");
using InMemoryKeyStore serverKeys = new(ChannelRole.Server),
    clientKeys = new(ChannelRole.Client);
serverKeys.Add(key);
clientKeys.Add(key);
await using TunnelServer server = await TunnelServer.StartAsync(
    new TunnelServerOptions
    {
        Listen = "127.0.0.1:0",
        Forward = target.LocalEndpoint.ToString(),
        Channel = { Keys = serverKeys },
    }
);
await using TunnelClient client = await TunnelClient.StartAsync(
    new TunnelClientOptions
    {
        Listen = "127.0.0.1:0",
        Connect = server.LocalEndPoint.ToString(),
        Channel = { Keys = clientKeys, ClientId = "sensor-17" },
    }
);

using TcpClient program = new();
await program.ConnectAsync((IPEndPoint)client.LocalEndPoint);
await program.GetStream().WriteAsync("through"u8.ToArray());
program.Client.Shutdown(SocketShutdown.Send);
using TcpClient accepted = await target.AcceptTcpClientAsync();
using StreamReader reader = new(accepted.GetStream(), Encoding.ASCII);
Console.WriteLine($"{await reader.ReadToEndAsync()} the tunnel");
accepted.Close();
