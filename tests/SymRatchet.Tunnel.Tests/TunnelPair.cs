using System.Net;
using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Tunnel.Tests;

/// <summary>A tunnel's server and client in this process, and the target that they lead to.</summary>
public sealed class TunnelPair : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tunnel-").FullName;

    private TunnelPair() { }

    internal InMemoryKeyStore Keys { get; } = new(ChannelRole.Server);

    internal Socket Target { get; private set; } = null!;

    internal TunnelServer Server { get; private set; } = null!;

    internal TunnelClient Client { get; private set; } = null!;

    internal ListLoggerFactory Log { get; } = new();

    internal TunnelServerOptions ServerOptions { get; private set; } = null!;

    internal TunnelClientOptions ClientOptions { get; private set; } = null!;

    internal static async Task<TunnelPair> StartAsync(
        Action<TunnelServerOptions>? server = null,
        Action<TunnelClientOptions>? client = null,
        bool unix = false,
        string id = "sensor-1"
    )
    {
        TunnelPair pair = new();
        var own = PreSharedKey.Generate(id);
        pair.Keys.Add(own);
        pair.Target = pair.Listen(unix, "target");
        pair.ServerOptions = new TunnelServerOptions
        {
            Listen = "127.0.0.1:0",
            Forward = TunnelEndPoint.From(pair.Target.LocalEndPoint!).ToString(),
            DrainTimeout = TimeSpan.FromSeconds(2),
            Channel = { Keys = pair.Keys, LoggerFactory = pair.Log },
        };
        server?.Invoke(pair.ServerOptions);
        pair.Server = await TunnelServer.StartAsync(pair.ServerOptions);
        pair.ClientOptions = new TunnelClientOptions
        {
            Listen = unix ? "unix:" + Path.Combine(pair._folder, "listen") : "127.0.0.1:0",
            Connect = TunnelEndPoint.From(pair.Server.LocalEndPoint).ToString(),
            ConnectRetries = 0,
            DrainTimeout = TimeSpan.FromSeconds(2),
            Channel = { Key = own, LoggerFactory = pair.Log },
        };
        client?.Invoke(pair.ClientOptions);
        pair.Client = await TunnelClient.StartAsync(pair.ClientOptions);
        return pair;
    }

    /// <summary>Another target, beside the one that is the default.</summary>
    internal Socket Listen(bool unix, string name)
    {
        EndPoint local = unix
            ? new UnixDomainSocketEndPoint(Path.Combine(_folder, name))
            : new IPEndPoint(IPAddress.Loopback, 0);
        Socket socket = new(local.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(local);
        socket.Listen(1024);
        return socket;
    }

    /// <summary>An application's connection to the tunnel's client.</summary>
    internal async Task<Socket> ConnectAsync()
    {
        EndPoint remote = Client.LocalEndPoint;
        Socket socket = new(remote.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(remote);
        return socket;
    }

    /// <summary>Connects, and expects a reset, which may come before the connecting is done.</summary>
    internal async Task IsResetAsync()
    {
        try
        {
            using Socket application = await ConnectAsync();
            Assert.Null(await application.ReadToEndAsync());
        }
        catch (SocketException e)
        {
            Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
        }
    }

    /// <summary>Both ends of one connection: the application's and the target's.</summary>
    internal async Task<(Socket Application, Socket Target)> OpenAsync()
    {
        Socket application = await ConnectAsync();
        return (application, await Target.AcceptAsync().WaitAsync(Wait.Limit));
    }

    /// <summary>The lines of ended connections.</summary>
    internal IEnumerable<string> Ends =>
        Log.Lines.Where(line => line.StartsWith("Connection of", StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        await Client.StopAsync(now.Token);
        await Server.StopAsync(now.Token);
        Target.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
