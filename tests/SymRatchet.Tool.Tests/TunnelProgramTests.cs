using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary>Programs as they are, through a pair of tunnel processes.</summary>
public sealed class TunnelProgramTests : IDisposable
{
    private const int Cut = 3 << 20;
    private const int Whole = 8 << 20;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("tunnel-programs-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Curl_gets_a_page_whose_end_is_that_of_the_connection(bool multiplex)
    {
        SkipWithout("curl");
        byte[] page = RandomNumberGenerator.GetBytes(Whole);
        using Socket target = Listen();
        await using Pair pair = await StartAsync(Name(target), multiplex);
        Task serving = ServeAsync(
            target,
            async connection =>
            {
                await connection.SendAsync(page);
                connection.Shutdown(SocketShutdown.Send);
            }
        );

        ToolRun run = await CurlAsync(pair);

        Assert.True(run.ExitCode == 0, run.Error);
        Assert.Equal(page, await File.ReadAllBytesAsync(In("page")));
        await serving;
    }

    /// <summary>HTTP/1.0 without a length has no other sign of its end: a cut page must be an error.</summary>
    [SkippableTheory]
    [InlineData("target", false)]
    [InlineData("server", false)]
    [InlineData("client", false)]
    [InlineData("target", true)]
    [InlineData("server", true)]
    [InlineData("client", true)]
    public async Task A_page_that_is_cut_is_an_error_to_curl(string cutBy, bool multiplex)
    {
        SkipWithout("curl");
        using Socket target = Listen();
        await using Pair pair = await StartAsync(Name(target), multiplex);
        Task serving = ServeAsync(
            target,
            async connection =>
            {
                await connection.SendAsync(new byte[Cut]);
                // Some of it has arrived before the cut.
                await UntilAsync(() => File.Exists(In("page")) && new FileInfo(In("page")).Length > 0);
                if (cutBy == "target")
                    connection.LingerState = new LingerOption(true, 0);
                else
                    (cutBy == "server" ? pair.Server : pair.Client).Kill();
            }
        );

        ToolRun run = await CurlAsync(pair);

        Assert.NotEqual(0, run.ExitCode);
        await serving;
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_half_close_of_socat_arrives_and_the_answer_after_it(bool multiplex)
    {
        SkipWithout("socat");
        using Socket target = Listen();
        await using Pair pair = await StartAsync(Name(target), multiplex);
        Task serving = ServeAsync(
            target,
            async connection =>
            {
                byte[] buffer = new byte[100];
                int received = 0;
                while (await connection.ReceiveAsync(buffer.AsMemory(received)) is > 0 and int length)
                    received += length;
                await connection.SendAsync(Encoding.ASCII.GetBytes($"{received} bytes and an end"));
                connection.Shutdown(SocketShutdown.Send);
            },
            readsRequest: false
        );

        using var shell = ToolProcess.StartProgram("bash", "-c", $"printf hello | socat -t 60 - TCP:{pair.Local}");
        ToolRun run = await shell.RunAsync(Limit);

        Assert.Equal("5 bytes and an end", run.Output);
        Assert.Equal(0, run.ExitCode);
        await serving;
    }

    [SkippableFact]
    public async Task Wrk_finds_no_error_in_what_nginx_serves()
    {
        SkipWithout("nginx");
        SkipWithout("wrk");
        int port = ToolProcess.FreePort();
        await File.WriteAllTextAsync(In("page.html"), new string('a', 3000));
        await File.WriteAllTextAsync(
            In("nginx.conf"),
            $$"""
            daemon off;
            {{(Environment.IsPrivilegedProcess ? "user root;" : "")}}
            pid {{In("nginx.pid")}};
            error_log stderr;
            worker_processes 1;
            events { worker_connections 512; }
            http {
              access_log off;
              client_body_temp_path {{In("body")}};
              proxy_temp_path {{In("proxy")}};
              fastcgi_temp_path {{In("fastcgi")}};
              uwsgi_temp_path {{In("uwsgi")}};
              scgi_temp_path {{In("scgi")}};
              server { listen 127.0.0.1:{{port}}; root {{_folder}}; }
            }
            """
        );
        using var nginx = Process.Start(
            new ProcessStartInfo(
                "sh",
                ["-c", $"PATH=$PATH:/usr/sbin exec nginx -p '{_folder}' -c '{In("nginx.conf")}'"]
            )
        )!;
        try
        {
            await using Pair pair = await StartAsync($"127.0.0.1:{port}", multiplex: false);
            using HttpClient http = new();
            await UntilAsync(() => CanConnect(port));
            Assert.Equal(3000, (await http.GetStringAsync(new Uri($"http://{pair.Local}/page.html"))).Length);
            using var wrk = ToolProcess.StartProgram("wrk", "-t1", "-c20", "-d3", $"http://{pair.Local}/page.html");
            ToolRun run = await wrk.RunAsync(Limit);
            Assert.Contains("Requests/sec", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Socket errors", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("Non-2xx", run.Output, StringComparison.Ordinal);
        }
        finally
        {
            using var kill = Process.Start("kill", [$"{nginx.Id}"]);
            await kill.WaitForExitAsync();
            await nginx.WaitForExitAsync().WaitAsync(Limit);
        }
    }

    /// <summary>With SYMRATCHET_LARGE_TESTS=1, two gigabytes each way.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_large_file_each_way_at_once_arrives_as_it_was(bool multiplex)
    {
        int mebibytes = Environment.GetEnvironmentVariable("SYMRATCHET_LARGE_TESTS") == "1" ? 2048 : 128;
        using Socket target = Listen();
        await using Pair pair = await StartAsync(Name(target), multiplex);
        using Socket application = await ConnectAsync(pair);
        using Socket accepted = await target.AcceptAsync().WaitAsync(Limit);

        byte[][] hashes = await Task.WhenAll(
            SendAsync(application, mebibytes, seed: 1),
            ReceiveAsync(accepted),
            SendAsync(accepted, mebibytes, seed: 2),
            ReceiveAsync(application)
        );

        Assert.Equal(hashes[0], hashes[1]);
        Assert.Equal(hashes[2], hashes[3]);
        Assert.NotEqual(hashes[0], hashes[2]);
    }

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_not_read_takes_no_memory_of_the_tunnels(bool multiplex)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "the memory of a process is read from Linux");
        const long mostGrowth = 48 << 20; // a collector's slack; without back-pressure it is a gigabyte
        using Socket target = Listen();
        await using Pair pair = await StartAsync(Name(target), multiplex);
        using Socket application = await ConnectAsync(pair);
        using Socket accepted = await target.AcceptAsync().WaitAsync(Limit);
        (long client, long server) = (pair.Client.ResidentBytes, pair.Server.ResidentBytes);

        byte[] bytes = new byte[1 << 20];
        long sent = 0;
        try
        {
            while (sent < 1L << 30)
            {
                using CancellationTokenSource full = new(TimeSpan.FromSeconds(2));
                sent += await application.SendAsync(bytes, full.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The tunnels take no more.
        }

        Assert.InRange(sent, 1, 64 << 20);
        Assert.InRange(pair.Client.ResidentBytes - client, long.MinValue, mostGrowth);
        Assert.InRange(pair.Server.ResidentBytes - server, long.MinValue, mostGrowth);
    }

    private static async Task<byte[]> SendAsync(Socket socket, int mebibytes, int seed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] bytes = new byte[1 << 20];
#pragma warning disable CA5394 // nothing here is secret
        Random random = new(seed);
        random.NextBytes(bytes);
        for (int i = 0; i < mebibytes; i++)
        {
            random.NextBytes(bytes.AsSpan(0, 4096)); // no two pieces are equal
#pragma warning restore CA5394
            hash.AppendData(bytes);
            for (ReadOnlyMemory<byte> rest = bytes; !rest.IsEmpty; )
                rest = rest[await socket.SendAsync(rest).AsTask().WaitAsync(Limit)..];
        }

        socket.Shutdown(SocketShutdown.Send);
        return hash.GetHashAndReset();
    }

    private static async Task<byte[]> ReceiveAsync(Socket socket)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] bytes = new byte[1 << 20];
        while (await socket.ReceiveAsync(bytes).WaitAsync(Limit) is > 0 and int length)
            hash.AppendData(bytes, 0, length);
        return hash.GetHashAndReset();
    }

    // One connection: what it asks is read first, as HTTP does.
    private static async Task ServeAsync(Socket target, Func<Socket, Task> serve, bool readsRequest = true)
    {
        using Socket connection = await target.AcceptAsync().WaitAsync(Limit);
        if (readsRequest)
        {
            await connection.ReceiveAsync(new byte[4096]).WaitAsync(Limit);
            await connection.SendAsync("HTTP/1.0 200 OK\r\n\r\n"u8.ToArray());
        }

        await serve(connection).WaitAsync(Limit);
        // In order only once both directions have ended; a tunnel that was killed is a reset.
        if (connection.LingerState is not { Enabled: true })
        {
            Task<int> end = connection.ReceiveAsync(new byte[4096]);
            await ((Task)end.WaitAsync(Limit)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<ToolRun> CurlAsync(Pair pair)
    {
        using var curl = ToolProcess.StartProgram(
            "curl",
            "--silent",
            "--show-error",
            "--no-buffer",
            "--http1.0",
            "--output",
            In("page"),
            $"http://{pair.Local}/"
        );
        return await curl.RunAsync(Limit);
    }

    private async Task<Pair> StartAsync(string target, bool multiplex)
    {
        await ToolRun.GoodAsync("store", "init", "--store", In("server.keys"));
        await ToolRun.GoodAsync("key", "add", "sensor-17", "--store", In("server.keys"), "--out", In("sensor-17"));
        string[] more = multiplex ? ["--multiplex"] : [];
        var server = TunnelProcess.Start([
            .. (string[])["tunnel", "server", "--listen", "127.0.0.1:0", "--forward", target],
            .. (string[])["--store", In("server.keys"), .. more],
        ]);
        var client = TunnelProcess.Start([
            .. (string[])["tunnel", "client", "--listen", "127.0.0.1:0", "--connect", await server.ListensAsync()],
            .. (string[])["--key", In("sensor-17"), .. more],
        ]);
        return new Pair(server, client, await client.ListensAsync());
    }

    private static async Task<Socket> ConnectAsync(Pair pair)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(pair.Local));
        return socket;
    }

    private static bool CanConnect(int port)
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var watch = Stopwatch.StartNew(); !condition(); await Task.Delay(20))
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, Limit);
    }

    private static Socket Listen()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static string Name(Socket socket) => socket.LocalEndPoint!.ToString()!;

    private static void SkipWithout(string program) =>
        Skip.IfNot(
            (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin")
                .Split(':')
                .Any(folder => File.Exists(Path.Combine(folder, program))),
            $"{program} is not installed"
        );

    private string In(string file) => Path.Combine(_folder, file);

    private sealed record Pair(TunnelProcess Server, TunnelProcess Client, string Local) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
        }
    }
}
