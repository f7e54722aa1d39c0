using System.Net;
using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Tunnel.Tests;

/// <summary>Clients that dial out, and are reached through an end point of the server.</summary>
public sealed class ReverseTests : IAsyncLifetime
{
    private static readonly byte[] Request = "request"u8.ToArray();
    private static readonly byte[] Answer = "answer"u8.ToArray();

    private readonly string _folder = Directory.CreateTempSubdirectory("reverse-").FullName;
    private readonly InMemoryKeyStore _keys = new(ChannelRole.Server);
    private readonly PreSharedKey _key = PreSharedKey.Generate("plc/1");
    private readonly ListLoggerFactory _log = new();
    private readonly Socket _target = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<ReverseTunnelClient> _clients = [];
    private ReverseTunnelServer _server = null!;

    private string Path => System.IO.Path.Combine(_folder, "plc_1.sock");

    public async Task InitializeAsync()
    {
        _keys.Add(_key);
        _target.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _target.Listen();
        _server = await ReverseTunnelServer.StartAsync(
            new ReverseTunnelServerOptions
            {
                Listen = "127.0.0.1:0",
                Routes = [new ReverseRoute { Id = "plc/*", Listen = $"unix:{_folder}/{{id}}.sock" }],
                DrainTimeout = TimeSpan.FromSeconds(2),
                Channel = { Keys = _keys, LoggerFactory = _log },
            }
        );
    }

    public async Task DisposeAsync()
    {
        using CancellationTokenSource now = new();
        await now.CancelAsync();
        foreach (ReverseTunnelClient client in _clients)
            await client.StopAsync(now.Token);
        await _server.StopAsync(now.Token);
        _target.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_connection_to_the_client_s_end_point_reaches_its_target_with_all_ends()
    {
        await StartAsync();
        using Socket application = await ConnectAsync();
        using Socket target = await _target.AcceptAsync().WaitAsync(Wait.Limit);
        await application.SendAllAsync(Request);
        application.Shutdown(SocketShutdown.Send);
        Assert.Equal(Request, await target.ReadToEndAsync());
        await target.SendAllAsync(Answer);
        target.Dispose();
        Assert.Equal(Answer, await application.ReadToEndAsync());
    }

    [Fact]
    public async Task Many_connections_go_over_the_one_channel()
    {
        await StartAsync();
        for (int i = 0; i < 50; i++)
        {
            using Socket application = await ConnectAsync();
            using Socket target = await _target.AcceptAsync().WaitAsync(Wait.Limit);
            await application.SendAllAsync(Request);
            Assert.Equal(Request, await target.ReadAsync(Request.Length));
        }

        using StoredKey? key = await _keys.FindAsync("plc/1");
        Assert.Equal(1, key!.Epoch);
    }

    [Fact]
    public async Task A_reset_by_the_target_is_a_reset_of_the_application()
    {
        await StartAsync();
        using Socket application = await ConnectAsync();
        Socket target = await _target.AcceptAsync().WaitAsync(Wait.Limit);
        await application.SendAllAsync(Request);
        Assert.Equal(Request, await target.ReadAsync(Request.Length));
        target.LingerState = new LingerOption(true, 0);
        target.Dispose();
        Assert.Null(await application.ReadToEndAsync());
    }

    [Fact]
    public async Task The_end_point_is_there_while_the_client_is_connected()
    {
        Assert.False(File.Exists(Path));
        ReverseTunnelClient client = await StartAsync();
        Assert.Equal("plc/1", Assert.Single(_server.Clients).ToString());
        await client.DisposeAsync();
        await Wait.UntilAsync(() => !File.Exists(Path) && _server.Clients.Count == 0);
    }

    [Fact]
    public async Task A_client_that_comes_again_takes_the_place_of_its_old_channel()
    {
        await StartAsync();
        await StartAsync(clients: 2);
        using Socket application = await ConnectAsync();
        using Socket target = await _target.AcceptAsync().WaitAsync(Wait.Limit);
        await application.SendAllAsync(Request);
        Assert.Equal(Request, await target.ReadAsync(Request.Length));
        Assert.Single(_server.Clients);
    }

    [Fact]
    public async Task A_client_connects_again_after_its_server_was_restarted()
    {
        ReverseTunnelClient client = await StartAsync();
        int port = ((IPEndPoint)_server.LocalEndPoint).Port;
        await _server.DisposeAsync();
        _server = await ReverseTunnelServer.StartAsync(
            new ReverseTunnelServerOptions
            {
                Listen = $"127.0.0.1:{port}",
                Routes = [new ReverseRoute { Id = "*", Listen = $"unix:{_folder}/{{id}}.sock" }],
                Channel = { Keys = _keys, LoggerFactory = _log },
            }
        );
        await Wait.UntilAsync(() => client.IsConnected && File.Exists(Path));
        using Socket application = await ConnectAsync();
        using Socket target = await _target.AcceptAsync().WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task A_client_without_a_route_is_refused_and_the_log_says_so()
    {
        PreSharedKey other = PreSharedKey.Generate("sensor-1");
        _keys.Add(other);
        _clients.Add(ReverseTunnelClient.Start(Options(other)));
        await Wait.UntilAsync(() =>
            _log.Lines.Any(line => line.Contains("no route is for the id", StringComparison.Ordinal))
        );
        Assert.Empty(_server.Clients);
    }

    private async Task<ReverseTunnelClient> StartAsync(int clients = 1)
    {
        ReverseTunnelClient client = ReverseTunnelClient.Start(Options(_key));
        _clients.Add(client);
        await Wait.UntilAsync(() =>
            _log.Lines.Count(line => line.Contains("leads to it", StringComparison.Ordinal)) >= clients
        );
        return client;
    }

    private ReverseTunnelClientOptions Options(PreSharedKey key) =>
        new()
        {
            Connect = TunnelEndPoint.From(_server.LocalEndPoint).ToString(),
            Forward = TunnelEndPoint.From(_target.LocalEndPoint!).ToString(),
            DrainTimeout = TimeSpan.FromSeconds(2),
            Channel = { Key = key, LoggerFactory = _log },
        };

    private async Task<Socket> ConnectAsync()
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path));
        return socket;
    }
}
