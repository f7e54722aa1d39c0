using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

public sealed class TunnelToolTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("tunnel-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData("client", false)]
    [InlineData("server", false)]
    [InlineData("client", true)]
    [InlineData("server", true)]
    public async Task A_tunnel_that_is_killed_in_mid_transfer_is_an_error_to_both_applications(string end, bool unix)
    {
        Skip.If(OperatingSystem.IsWindows(), "there is no SIGKILL");
        await AddKeyAsync("sensor-17");
        using Socket listener = Listen(unix, "target");
        await using var server = TunnelProcess.Start([
            "tunnel",
            "server",
            "--listen",
            "127.0.0.1:0",
            "--forward",
            Name(listener),
            "--store",
            In("server.keys"),
        ]);
        string local = unix ? "unix:" + In("listen") : "127.0.0.1:0";
        await using var client = TunnelProcess.Start([
            "tunnel",
            "client",
            "--listen",
            local,
            "--connect",
            await server.ListensAsync(),
            "--key",
            In("sensor-17"),
        ]);
        using Socket application = await ConnectAsync(await client.ListensAsync());
        using Socket target = await listener.AcceptAsync().WaitAsync(Limit);
        // Over a Unix socket, an application sees a reset only after it has sent something.
        await application.SendAsync(new byte[1]);
        await target.SendAsync(new byte[1]);
        Assert.Equal(1, await target.ReceiveAsync(new byte[1]).WaitAsync(Limit));
        Assert.Equal(1, await application.ReceiveAsync(new byte[1]).WaitAsync(Limit));

        Task sending = SendForeverAsync(application);
        byte[] buffer = new byte[64 * 1024];
        for (long received = 0; received < 8 << 20; )
            received += await target.ReceiveAsync(buffer).WaitAsync(Limit);
        (end == "client" ? client : server).Kill();

        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await target.ReceiveAsync(buffer).WaitAsync(Limit) > 0)
            {
                // What was on the way.
            }
        });
        await Assert.ThrowsAsync<SocketException>(() => sending);
    }

    [SkippableFact]
    public async Task A_reload_changes_what_the_file_says_and_drops_no_connection_and_a_stop_waits_for_them()
    {
        Skip.If(OperatingSystem.IsWindows(), "there is no SIGHUP");
        await AddKeyAsync("sensor-17");
        using Socket first = Listen(unix: false, "first");
        using Socket second = Listen(unix: false, "second");
        string listen = $"127.0.0.1:{ToolProcess.FreePort()}";
        WriteConfiguration(first);
        await using var tunnels = TunnelProcess.Start(["tunnel", "--config", In("tunnel.json")]);
        await tunnels.ListensAsync(2);
        using Socket before = await ConnectAsync("unix:" + In("listen"));
        using Socket atFirst = await first.AcceptAsync().WaitAsync(Limit);

        WriteConfiguration(second);
        await tunnels.SignalAsync("HUP");
        await tunnels.HasLoggedAsync("was read again");
        using Socket after = await ConnectAsync("unix:" + In("listen"));
        using Socket atSecond = await second.AcceptAsync().WaitAsync(Limit);
        await IsCarriedAsync(before, atFirst);
        await IsCarriedAsync(after, atSecond);

        await File.WriteAllTextAsync(In("tunnel.json"), """{ "servers": [ { "listn": "127.0.0.1:1" } ] }""");
        await tunnels.SignalAsync("HUP");
        Assert.Contains("listn", await tunnels.HasLoggedAsync("could not be read again"), StringComparison.Ordinal);
        await IsCarriedAsync(before, atFirst);

        await tunnels.SignalAsync("TERM");
        await tunnels.HasLoggedAsync("waits up to 25 s for 2 connections");
        await IsCarriedAsync(before, atFirst);
        foreach (Socket socket in (Socket[])[before, after, atFirst, atSecond])
            socket.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await tunnels.ExitCodeAsync());
        Assert.False(File.Exists(In("listen")));

        void WriteConfiguration(Socket target) =>
            File.WriteAllText(
                In("tunnel.json"),
                $$"""
                {
                  "servers": [
                    {
                      "listen": "{{listen}}",
                      "routes": [ { "id": "sensor-*", "forward": "{{Name(target)}}" } ],
                      "store": "{{In("server.keys")}}",
                      "drain-timeout": "25s",
                      "channel": { "paddingBlock": 64 }
                    }
                  ],
                  "clients": [
                    {
                      "name": "redis",
                      "listen": "unix:{{In("listen")}}",
                      "connect": "{{listen}}",
                      "key": "{{In("sensor-17")}}",
                      "drainTimeout": "00:00:25"
                    }
                  ]
                }
                """
            );
    }

    [SkippableFact]
    public async Task A_key_file_that_was_replaced_is_opened_at_a_reload()
    {
        Skip.If(OperatingSystem.IsWindows(), "there is no SIGHUP");
        await AddKeyAsync("sensor-17");
        await ToolRun.GoodAsync("keygen", "sensor-18", "--out", In("unknown"));
        using Socket listener = Listen(unix: false, "target");
        await using var server = TunnelProcess.Start([
            "tunnel",
            "server",
            "--listen",
            "127.0.0.1:0",
            "--forward",
            Name(listener),
            "--store",
            In("server.keys"),
        ]);
        await using var client = TunnelProcess.Start([
            .. (string[])["tunnel", "client", "--listen", "127.0.0.1:0", "--connect", await server.ListensAsync()],
            .. (string[])["--key", In("unknown"), "--connect-retries", "0"],
        ]);
        string local = await client.ListensAsync();
        using Socket refused = await ConnectAsync(local);
        await client.HasLoggedAsync("found no channel");

        File.Move(In("sensor-17"), In("unknown"), overwrite: true);
        await client.SignalAsync("HUP");
        await client.HasLoggedAsync("was read again");

        using Socket application = await ConnectAsync(local);
        using Socket target = await listener.AcceptAsync().WaitAsync(Limit);
        await IsCarriedAsync(application, target);
    }

    [SkippableFact]
    public async Task The_second_signal_ends_the_wait_for_connections()
    {
        Skip.If(OperatingSystem.IsWindows(), "there is no SIGTERM");
        await AddKeyAsync("sensor-17");
        await using var server = TunnelProcess.Start([
            "tunnel",
            "server",
            "--listen",
            "127.0.0.1:0",
            "--forward",
            "127.0.0.1:1",
            "--store",
            In("server.keys"),
        ]);
        using Socket listener = Listen(unix: false, "target");
        await using var client = TunnelProcess.Start([
            "tunnel",
            "client",
            "--listen",
            "127.0.0.1:0",
            "--connect",
            Name(listener),
            "--key",
            In("sensor-17"),
        ]);
        using Socket application = await ConnectAsync(await client.ListensAsync());
        using Socket silent = await listener.AcceptAsync().WaitAsync(Limit);

        await client.SignalAsync("TERM");
        await client.HasLoggedAsync("waits up to");
        Assert.False(client.HasExited);
        await client.SignalAsync("TERM");

        Assert.Equal(0, await client.ExitCodeAsync());
        await Assert.ThrowsAsync<SocketException>(() => application.ReceiveAsync(new byte[1]).WaitAsync(Limit));
    }

    [SkippableFact]
    public async Task A_log_that_nobody_reads_holds_up_no_connection()
    {
        Skip.If(OperatingSystem.IsWindows(), "a pipe has no name there");
        const int Connections = 4_000; // their lines are more than the pipe and the log's queue hold
        await AddKeyAsync("sensor-17");
        using Socket listener = Listen(unix: false, "target");
        listener.Listen(backlog: 512);
        await using var server = TunnelProcess.Start([
            .. (string[])["tunnel", "server", "--listen", "127.0.0.1:0", "--forward", Name(listener)],
            .. (string[])["--store", In("server.keys"), "--multiplex", "--max-connections", "100000"],
        ]);
        using (var make = Process.Start("mkfifo", [In("log")]))
            await make.WaitForExitAsync();
        await using FileStream unread = File.Open(In("log"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        string local = $"127.0.0.1:{ToolProcess.FreePort()}";
        await using var client = TunnelProcess.StartFile(
            "sh",
            "-c",
            $"exec dotnet '{typeof(ToolProgram).Assembly.Location}' tunnel client --listen {local} --multiplex "
                + $"--connect {await server.ListensAsync()} --key '{In("sensor-17")}' 2>'{In("log")}'"
        );
        Task answering = AnswerAsync();

        using CancellationTokenSource limit = new(Limit);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Connections),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = limit.Token },
            async (_, cancel) =>
            {
                using Socket application = await ConnectSoonAsync(local);
                await application.SendAsync(new byte[] { 42 }, cancel);
                Assert.Equal(1, await application.ReceiveAsync(new byte[1], cancel));
            }
        );
        listener.Dispose();
        await answering;

        async Task AnswerAsync()
        {
            try
            {
                while (true)
                    _ = OneAsync(await listener.AcceptAsync());
            }
            catch (SocketException)
            {
                // The test is over.
            }
        }

        async Task OneAsync(Socket target)
        {
            using (target)
            {
                byte[] received = new byte[1];
                await target.ReceiveAsync(received);
                await target.SendAsync(received);
                await target.ReceiveAsync(received);
            }
        }
    }

    [Fact]
    public async Task Metrics_are_served_on_loopback()
    {
        await AddKeyAsync("sensor-17");
        int port = ToolProcess.FreePort();
        await using var server = TunnelProcess.Start([
            .. (string[])["tunnel", "server", "--listen", "127.0.0.1:0", "--forward", "127.0.0.1:1"],
            .. (string[])["--store", In("server.keys"), "--metrics", $"{port}", "--name", "redis"],
        ]);
        await using var client = TunnelProcess.Start([
            .. (string[])["tunnel", "client", "--listen", "127.0.0.1:0", "--connect", await server.ListensAsync()],
            .. (string[])["--key", In("sensor-17")],
        ]);
        using Socket application = await ConnectAsync(await client.ListensAsync());
        await server.HasLoggedAsync("found no target");

        using HttpClient http = new();
        string text = await http.GetStringAsync(new Uri($"http://localhost:{port}/metrics"));
        Assert.Contains("symratchet_tunnel_failures_total{", text, StringComparison.Ordinal);
        Assert.Contains("reason=\"target\"", text, StringComparison.Ordinal);
        Assert.Contains("tunnel=\"redis\"", text, StringComparison.Ordinal);
        Assert.Contains("symratchet_handshakes", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_wrong_with_a_command_line_is_one_line()
    {
        await AddKeyAsync("sensor-17");
        await ToolRun.BadAsync(2, "say which tunnels", "tunnel");
        await ToolRun.BadAsync(
            2,
            "Listen is not set",
            "tunnel",
            "server",
            "--store",
            In("server.keys"),
            "--forward",
            "a:1"
        );
        await ToolRun.BadAsync(
            2,
            "name the key file",
            "tunnel",
            "client",
            "--listen",
            "127.0.0.1:0",
            "--connect",
            "a:1"
        );
        await ToolRun.BadAsync(2, "name the key store", "tunnel", "server", "--listen", "a:1", "--forward", "a:1");
        await ServerAsync(2, "'6379' is not an end point", "--forward", "6379");
        await ServerAsync(2, "write PATTERN=ENDPOINT", "--route", "sensor-1");
        await ServerAsync(2, "a time is", "--forward", "a:1", "--target-timeout", "10");
        await ServerAsync(2, "MaxConnections is 0", "--forward", "a:1", "--max-connections", "0");
        await ServerAsync(2, "'many' at 'MaxConnections'", "--forward", "a:1", "--max-connections", "many");
        await ServerAsync(2, "metrics", "--forward", "a:1", "--metrics", "unix:/a");
        await ToolRun.BadAsync(1, "there is no configuration", "tunnel", "--config", In("none.json"));
        await FileAsync("[", "is not JSON");
        await FileAsync("{}", "there is no tunnel");
        await FileAsync("""{ "tunnels": [] , "servers": [ { } ] }""", "'tunnels' is none of");
        await FileAsync("""{ "clients": [ { "name": "x", "listen": "a:1" } ] }""", "tunnel x: name the key file");

        Task ServerAsync(int exitCode, string reason, params string[] more) =>
            ToolRun.BadAsync(
                exitCode,
                reason,
                ["tunnel", "server", "--listen", "127.0.0.1:0", "--store", In("server.keys"), .. more]
            );

        async Task FileAsync(string text, string reason)
        {
            await File.WriteAllTextAsync(In("tunnel.json"), text);
            await ToolRun.BadAsync(1, reason, "tunnel", "--config", In("tunnel.json"));
        }
    }

    private static async Task IsCarriedAsync(Socket one, Socket other)
    {
        foreach ((Socket from, Socket to) in ((Socket, Socket)[])[(one, other), (other, one)])
        {
            await from.SendAsync(new byte[] { 42 });
            byte[] received = new byte[1];
            Assert.Equal(1, await to.ReceiveAsync(received).WaitAsync(Limit));
            Assert.Equal(42, received[0]);
        }
    }

    private static async Task SendForeverAsync(Socket socket)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
            await socket.SendAsync(buffer).WaitAsync(Limit);
    }

    private static string Name(Socket socket) => Tunnel.TunnelEndPoint.From(socket.LocalEndPoint!).ToString();

    private static async Task<Socket> ConnectAsync(string endPoint)
    {
        EndPoint remote = Tunnel.TunnelEndPoint.Parse(endPoint).ToEndPoint();
        Socket socket = new(remote.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(remote);
        return socket;
    }

    private static async Task<Socket> ConnectSoonAsync(string endPoint)
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(20))
        {
            try
            {
                return await ConnectAsync(endPoint);
            }
            catch (SocketException) when (watch.Elapsed < Limit)
            {
                // It does not listen yet.
            }
        }
    }

    private string In(string file) => Path.Combine(_folder, file);

    private Socket Listen(bool unix, string name)
    {
        EndPoint local = unix ? new UnixDomainSocketEndPoint(In(name)) : new IPEndPoint(IPAddress.Loopback, 0);
        Socket socket = new(local.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(local);
        socket.Listen();
        return socket;
    }

    private async Task AddKeyAsync(string id)
    {
        await ToolRun.GoodAsync("store", "init", "--store", In("server.keys"));
        await ToolRun.GoodAsync("key", "add", id, "--store", In("server.keys"), "--out", In(id));
    }
}
