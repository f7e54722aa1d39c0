using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SymRatchet.TestKit;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary>The tool as native code: published with no warning, small, quick, and able to do what it is for.</summary>
public sealed class NativeToolTests : IDisposable
{
    private const long LargestSize = 25_000_000; // with its native libraries

    // The goal is 30 ms; a machine that does other things takes longer.
    private static readonly TimeSpan LongestStart = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PublishLimit = TimeSpan.FromMinutes(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("native-tool-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SkippableFact]
    public async Task The_tool_as_native_code_is_small_and_quick_and_carries_a_connection()
    {
        Skip.IfNot(
            OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64,
            "it is published for Linux on x64"
        );
        Skip.IfNot(IsInstalled("clang") || IsInstalled("gcc"), "native code needs clang or gcc");
        string tool = await PublishAsync();
        Assert.InRange(
            Directory.EnumerateFiles(Path.GetDirectoryName(tool)!).Sum(file => new FileInfo(file).Length),
            1,
            LargestSize
        );

        List<TimeSpan> starts = [];
        for (int run = 0; run < 9; run++)
        {
            long started = Stopwatch.GetTimestamp();
            Assert.Matches(@"^\d+\.\d+\.\d+", await RunAsync(tool, Limit, "--version"));
            starts.Add(Stopwatch.GetElapsedTime(started));
        }

        starts.Sort();
        Assert.InRange(starts[starts.Count / 2], TimeSpan.Zero, LongestStart);

        await RunAsync(tool, Limit, "store", "init", "--store", In("server.keys"));
        await RunAsync(tool, Limit, "key", "add", "sensor-17", "--store", In("server.keys"), "--out", In("sensor-17"));
        string list = await RunAsync(tool, Limit, "key", "list", "--store", In("server.keys"), "--json");
        Assert.Contains("\"id\": \"sensor-17\"", list, StringComparison.Ordinal);
        await IsCarriedAsync(tool);
        string check = await RunAsync(tool, Limit, "store", "check", "--store", In("server.keys"), "--json");
        Assert.Contains("\"clients\": 1", check, StringComparison.Ordinal);
    }

    private async Task IsCarriedAsync(string tool)
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        // The server from a file, so that its configuration is bound, and the client from its command line.
        await File.WriteAllTextAsync(
            In("tunnel.json"),
            $$"""
            {
              "servers": [
                {
                  "listen": "127.0.0.1:0",
                  "routes": [{ "id": "sensor-*", "forward": "{{listener.LocalEndPoint}}" }],
                  "store": "{{In("server.keys")}}",
                  "channel": { "paddingBlock": 64, "suites": ["Aegis256"] }
                }
              ]
            }
            """
        );
        await using var server = TunnelProcess.StartFile(tool, "tunnel", "--config", In("tunnel.json"));
        await using var client = TunnelProcess.StartFile(
            tool,
            "tunnel",
            "client",
            "--listen",
            "127.0.0.1:0",
            "--connect",
            await server.ListensAsync(),
            "--key",
            In("sensor-17")
        );
        using Socket application = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await application.ConnectAsync(IPEndPoint.Parse(await client.ListensAsync()));
        using Socket target = await listener.AcceptAsync().WaitAsync(Limit);
        byte[] buffer = new byte[2];
        foreach ((Socket from, Socket to) in ((Socket, Socket)[])[(application, target), (target, application)])
        {
            await from.SendAsync(new byte[] { 17 });
            from.Shutdown(SocketShutdown.Send);
            Assert.Equal(1, await to.ReceiveAsync(buffer).WaitAsync(Limit));
            Assert.Equal(17, buffer[0]);
            Assert.Equal(0, await to.ReceiveAsync(buffer).WaitAsync(Limit));
        }

        await client.SignalAsync("TERM");
        await server.SignalAsync("TERM");
        Assert.Equal(0, await client.ExitCodeAsync());
        Assert.Equal(0, await server.ExitCodeAsync());
    }

    // In folders of its own: other tests may build the same projects at this moment.
    private async Task<string> PublishAsync()
    {
        await RunAsync(
            ToolProcess.Dotnet,
            PublishLimit,
            "publish",
            Repository.PathOf("src", "SymRatchet.Tool"),
            "-r",
            "linux-x64",
            "-p:PublishAot=true",
            "-p:TreatWarningsAsErrors=true",
            "--artifacts-path",
            In("artifacts"),
            "-o",
            In("published"),
            "--nologo",
            "-v",
            "quiet"
        );
        return Path.Combine(In("published"), "symratchet");
    }

    private static async Task<string> RunAsync(string program, TimeSpan limit, params string[] args)
    {
        using var process = ToolProcess.StartProgram(program, args);
        ToolRun run = await process.RunAsync(limit);
        Assert.True(run.ExitCode == 0, $"{program} {string.Join(' ', args)}: {run.Output}{run.Error}");
        return run.Output;
    }

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));

    private string In(string name) => Path.Combine(_folder, name);
}
