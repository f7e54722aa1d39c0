using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using SymRatchet.KeyStores.Tests.PostgreSql;
using SymRatchet.Programs.Tests.Running;
using SymRatchet.TestKit;

namespace SymRatchet.Programs.Tests;

/// <summary>
/// The forwarder of the samples, as two processes, between programs that know nothing of channels. Whichever of the two
/// is killed, the program sees an error and never an answer that looks complete.
/// </summary>
public sealed class ForwarderTests(PostgresServer postgres) : IClassFixture<PostgresServer>, IDisposable
{
    private const int Size = 100_000_000;

    private static readonly string Program = Repository.PathOf(
        "samples",
        "Forwarder",
        typeof(ForwarderTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "ProgramBinaries")
            .Value!,
        "SymRatchet.Samples.Forwarder.dll"
    );

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-programs-").FullName;
    private readonly List<RunningProcess> _processes = [];

    [SkippableFact]
    public async Task Curl_gets_and_puts_a_hundred_megabytes_and_every_byte_arrives()
    {
        string curl = Installed.PathOf("curl", "curl");
        await using PlainHttpServer server = new(Size);
        IPEndPoint near = (await StartAsync(server.EndPoint)).Near;
        string file = Path.Combine(_folder, "got");
        Assert.Equal(0, (await RunAsync(curl, "-sS", "-o", file, $"http://{near}/")).ExitCode);
        await using (FileStream got = File.OpenRead(file))
            Assert.Equal(server.Hash, Convert.ToHexString(await SHA256.HashDataAsync(got)));
        ProcessResult put = await RunAsync(curl, "-sS", "-T", file, $"http://{near}/");
        Assert.Equal((0, server.Hash), (put.ExitCode, put.Output.Trim()));
    }

    [Fact]
    public async Task A_program_that_says_it_all_and_shuts_down_gets_its_answer()
    {
        await using PlainHttpServer server = new(size: 1);
        IPEndPoint near = (await StartAsync(server.EndPoint)).Near;
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(near);
        await using NetworkStream stream = new(socket);
        await stream.WriteAsync("PUT / HTTP/1.0\r\n\r\nuntil the end"u8.ToArray());
        socket.Shutdown(SocketShutdown.Send);
        using StreamReader answer = new(stream);
        Assert.EndsWith(
            Convert.ToHexString(SHA256.HashData("until the end"u8)),
            (await answer.ReadToEndAsync()).Trim(),
            StringComparison.Ordinal
        );
    }

    // The answer ends where the connection does: only an error tells that it was cut.
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_forwarder_that_is_killed_is_an_error_to_curl(bool isNear)
    {
        string curl = Installed.PathOf("curl", "curl");
        await using PlainHttpServer server = new(Size) { StopsAfter = Size / 2 };
        Pair pair = await StartAsync(server.EndPoint);
        RunningProcess getting = Start(curl, "-sS", "-o", Path.Combine(_folder, "got"), $"http://{pair.Near}/");
        await server.Stopped.WaitAsync(Limit.Long);
        (isNear ? pair.NearProcess : pair.FarProcess).Kill();
        ProcessResult result = await getting.EndAsync();
        // receive failed, or an answer cut short
        Assert.True(result.ExitCode is 56 or 18, $"{result.ExitCode} {result.Error}");
    }

    [Fact]
    public async Task A_far_side_that_is_not_there_is_a_reset_and_no_empty_answer()
    {
        await using PlainHttpServer server = new(size: 1);
        Pair pair = await StartAsync(server.EndPoint);
        pair.FarProcess.Kill();
        await pair.FarProcess.EndAsync();
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(pair.Near);
        SocketException reset = await Assert.ThrowsAsync<SocketException>(() =>
            socket.ReceiveAsync(new byte[1]).WaitAsync(Limit.Long)
        );
        Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
    }

    [SkippableFact]
    public async Task Psql_and_pgbench_work_and_see_a_killed_forwarder()
    {
        string psql = Installed.PathOf("psql", "postgresql-client");
        string pgbench = Installed.PathOf("pgbench", "postgresql-contrib");
        _ = postgres.ConnectionString; // skips the test where there is no server
        await using UnixBridge bridge = new(postgres.SocketPath);
        Pair pair = await StartAsync(bridge.EndPoint);
        string url = $"postgresql://postgres@{pair.Near}/postgres";
        ProcessResult summed = await RunAsync(psql, url, "-Atc", "SELECT sum(i) FROM generate_series(1, 1000) i");
        Assert.Equal((0, "500500"), (summed.ExitCode, summed.Output.Trim()));
        ProcessResult rows = await RunAsync(
            psql,
            url,
            "-Atc",
            "COPY (SELECT i FROM generate_series(1, 500000) i) TO STDOUT"
        );
        Assert.Equal((0, 500_000), (rows.ExitCode, rows.Output.Count(c => c == '\n')));
        Assert.Equal(0, (await RunAsync(pgbench, "-i", "-q", "-s", "1", url)).ExitCode);
        ProcessResult bench = await RunAsync(pgbench, "-n", "-c", "4", "-t", "50", url);
        Assert.True(bench.ExitCode == 0, bench.Error);
        Assert.Contains("200/200", bench.Output, StringComparison.Ordinal);

        RunningProcess working = Start(pgbench, "-n", "-c", "4", "-T", "30", "-P", "1", url);
        RunningProcess copying = Start(
            psql,
            url,
            "-Atc",
            "COPY (SELECT i, pg_sleep(0.01) FROM generate_series(1, 3000) i) TO STDOUT"
        );
        await Task.Delay(1000);
        pair.FarProcess.Kill();
        Assert.NotEqual(0, (await working.EndAsync()).ExitCode);
        Assert.NotEqual(0, (await copying.EndAsync()).ExitCode);
    }

    private RunningProcess Start(string program, params string[] arguments)
    {
        RunningProcess process = RunningProcess.Start(program, arguments);
        _processes.Add(process);
        return process;
    }

    private Task<ProcessResult> RunAsync(string program, params string[] arguments) =>
        Start(program, arguments).EndAsync();

    private async Task<Pair> StartAsync(EndPoint to)
    {
        string near = Path.Combine(_folder, "client.credential");
        string far = Path.Combine(_folder, "server.credential");
        using (PreSharedKey key = PreSharedKey.Generate("forwarder"))
        {
            key.WriteCredentialFile(near);
            key.WriteCredentialFile(far);
        }

        (RunningProcess farProcess, string farEnd) = await StartSideAsync("server", $"{to}", far);
        (RunningProcess nearProcess, string nearEnd) = await StartSideAsync("client", farEnd, near);
        return new Pair(IPEndPoint.Parse(nearEnd), nearProcess, farProcess);
    }

    private async Task<(RunningProcess, string)> StartSideAsync(string side, string to, string keys)
    {
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        RunningProcess process = Start(dotnet, Program, side, "127.0.0.1:0", to, keys);
        return (process, (await process.FirstLineAsync()).Replace("listening on ", "", StringComparison.Ordinal));
    }

    public void Dispose()
    {
        _processes.ForEach(process => process.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    private sealed record Pair(IPEndPoint Near, RunningProcess NearProcess, RunningProcess FarProcess);
}
