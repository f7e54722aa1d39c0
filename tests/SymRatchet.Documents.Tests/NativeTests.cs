using System.Diagnostics;
using System.Net;
using System.Text;
using SymRatchet.Documents.Tests.Markdown;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Documents.Tests;

/// <summary>
/// What the first guide says of its client as native code: how large it is, and how soon its first answer is there.
/// SYMRATCHET_MEASURE=1 measures it; .ci/consumer builds it and runs it each time.
/// </summary>
public sealed class NativeTests(ITestOutputHelper output)
{
    private const int Runs = 20;

    private static readonly Document Guide = new("docs/getting-started.md");

    [SkippableFact]
    public async Task The_client_of_the_first_guide_beside_itself_as_native_code()
    {
        Skip.If(
            Environment.GetEnvironmentVariable("SYMRATCHET_MEASURE") is null,
            "Set SYMRATCHET_MEASURE=1 to measure."
        );
        using TemporaryFolder folder = new();
        CodeBlock program = Guide.Blocks.Where(block => block.IsProgram).ElementAt(1);
        await DocumentProgram.BuildAsync(folder, "Client", program, "SymRatchet");
        string native = await PublishAsync(folder, "native", "-p:PublishAot=true");
        string compiled = await PublishAsync(folder, "compiled");

        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        key.WriteCredentialFile(folder.PathOf("sensor-17.credential"));
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(key);
        await using SecureChannelListener listener = SecureChannelListener.Listen(
            new IPEndPoint(IPAddress.Loopback, 0),
            new() { Keys = keys }
        );
        Task serving = ServeAsync(listener);
        string port = ((IPEndPoint)listener.LocalEndPoint).Port.ToString(
            System.Globalization.CultureInfo.InvariantCulture
        );
        string[] programs = [native, compiled];
        List<double>[] times =
        [
            [],
            [],
        ];
        for (int run = -1; run < Runs; run++)
        {
            for (int i = 0; i < programs.Length; i++)
            {
                double time = await StartAsync(folder.Path, programs[i], port);
                if (run >= 0) // the first brings the program into memory
                    times[i].Add(time);
            }
        }

        output.WriteLine($"{nameof(NativeTests)} with SYMRATCHET_MEASURE=1, beside other work on two cores");
        output.WriteLine(
            FormattableString.Invariant(
                $"native: {new FileInfo(native).Length:N0} bytes, median {Median(times[0]):F0} ms of {Runs} runs"
            )
        );
        output.WriteLine(
            FormattableString.Invariant(
                $"compiled as it runs: {FolderSize(compiled):N0} bytes, median {Median(times[1]):F0} ms of {Runs} runs"
            )
        );
        long libsodium = new FileInfo(Path.Combine(Path.GetDirectoryName(native)!, "libsodium.so")).Length;
        output.WriteLine(FormattableString.Invariant($"libsodium beside either: {libsodium:N0} bytes"));
        await listener.DisposeAsync();
        await serving;
    }

    [Fact]
    public void What_the_first_guide_says_of_native_code_was_measured()
    {
        string[] lines = File.ReadAllLines(Repository.PathOf("docs", "measurements", "native-client.txt"));
        string[][] rows = [.. Guide.Rows("## 6. As native code")];
        Assert.Equal(2, rows.Length);
        Assert.All(rows, row => Assert.Contains($"{row[0]}: {row[1]} bytes, median {row[2]} ms of {Runs} runs", lines));
        string library = lines[^1].Split(": ")[1];
        Assert.Contains(
            $"libsodium's library, {library}",
            string.Join(' ', Guide.Prose.Select(line => line.Trim())),
            StringComparison.Ordinal
        );
    }

    // A warning is an error: the project says so.
    private static async Task<string> PublishAsync(TemporaryFolder folder, string name, params string[] options)
    {
        string target = folder.PathOf(name);
        await ProcessRun.GoodAsync(
            folder.PathOf("Client"),
            ProcessRun.Dotnet,
            ["publish", "-c", "Release", "--use-current-runtime", "--nologo", "-v", "quiet", "-o", target, .. options]
        );
        return Path.Combine(target, "Client");
    }

    // From before the process is there until its line is: a session of three messages, and the server's answer.
    private static async Task<double> StartAsync(string folder, string program, string port)
    {
        long started = Stopwatch.GetTimestamp();
        using Process client = ProcessRun.Start(folder, program, port);
        string? line = await client.StandardOutput.ReadLineAsync();
        double time = Stopwatch.GetElapsedTime(started).TotalMilliseconds;
        Assert.Equal("the server says: 3 readings", line);
        await client.WaitForExitAsync();
        return time;
    }

    private static async Task ServeAsync(SecureChannelListener listener)
    {
        await foreach (ISecureChannel channel in listener.AcceptAllAsync())
        {
            int readings = 0;
            await foreach (ReadOnlyMemory<byte> _ in channel.ReadAllAsync())
                readings++;
            await channel.SendAsync(Encoding.UTF8.GetBytes($"{readings} readings"));
            await channel.CloseAsync();
            await channel.DisposeAsync();
        }
    }

    private static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);

    private static long FolderSize(string program) =>
        Directory
            .EnumerateFiles(Path.GetDirectoryName(program)!)
            .Where(file => !file.EndsWith("libsodium.so", StringComparison.Ordinal))
            .Sum(file => new FileInfo(file).Length);
}
