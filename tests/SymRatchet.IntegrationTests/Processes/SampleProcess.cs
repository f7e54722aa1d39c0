using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Processes;

/// <summary>A built sample, running as a process of its own. Disposing it kills it if it still runs.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    // Long enough for a loaded machine; a test that passes never waits for it.
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    internal static readonly string Binaries = typeof(SampleProcess)
        .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "SampleBinaries")
        .Value!;

    private readonly string _name;
    private readonly Process _process;
    private readonly Task _reading;

    private SampleProcess(string name, Process process)
    {
        _name = name;
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput, Output), ReadAsync(process.StandardError, Error));
    }

    /// <summary>Standard output.</summary>
    internal OutputLines Output { get; } = new();

    /// <summary>Standard error.</summary>
    internal OutputLines Error { get; } = new();

    /// <summary>Everything that it has written so far, to either output.</summary>
    internal string Everything => string.Join('\n', [.. Output.Snapshot(), .. Error.Snapshot()]);

    /// <summary>Starts a sample by the name of its folder.</summary>
    internal static SampleProcess Start(string sample, params string[] args) =>
        Start(sample, Repository.PathOf("samples", sample, Binaries, $"SymRatchet.Samples.{sample}.dll"), args);

    /// <summary>Starts the program that measures peers.</summary>
    internal static SampleProcess StartPeers(params string[] args) =>
        Start(
            "Peers",
            Repository.PathOf("benchmarks", "SymRatchet.Comparison", Binaries, "SymRatchet.Comparison.dll"),
            args
        );

    /// <summary>Starts the stress of real sockets.</summary>
    internal static SampleProcess StartStress(params string[] args) =>
        Start("Stress", Repository.PathOf("tests", "SymRatchet.Stress", Binaries, "SymRatchet.Stress.dll"), args);

    private static SampleProcess Start(string name, string program, string[] args)
    {
        string[] command = [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", program, .. args];

        // Tests that a shell started in the background ignore SIGINT, and their children would, too.
        if (OperatingSystem.IsLinux())
            command = ["/usr/bin/env", "--default-signal=INT", .. command];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new SampleProcess(name, process);
    }

    /// <summary>Runs a sample to its end.</summary>
    internal static async Task<SampleResult> RunAsync(string sample, params string[] args)
    {
        await using SampleProcess process = Start(sample, args);
        return await process.WaitForExitAsync();
    }

    internal Task<string> WaitForOutputAsync(string part) => WaitAsync(Output, part);

    internal Task<string> WaitForErrorAsync(string part) => WaitAsync(Error, part);

    internal async Task<SampleResult> WaitForExitAsync(TimeSpan runs = default)
    {
        try
        {
            await _reading.WaitAsync(runs + Timeout);
            using CancellationTokenSource limit = new(Timeout);
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            throw new TimeoutException($"{_name} did not end. It wrote:\n{Everything}", e);
        }

        return new SampleResult(_process.ExitCode, Output.Snapshot(), Error.Snapshot());
    }

    /// <summary>Sends a Unix signal.</summary>
    internal void Signal(PosixSignal signal)
    {
        int number = signal switch
        {
            PosixSignal.SIGINT => 2,
            PosixSignal.SIGTERM => 15,
            _ => throw new ArgumentOutOfRangeException(nameof(signal)),
        };
        Assert.Equal(0, Kill(_process.Id, number));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _reading.WaitAsync(Timeout);
        _process.Dispose();
    }

    private async Task<string> WaitAsync(OutputLines lines, string part)
    {
        try
        {
            return await lines.WaitForAsync(line => line.Contains(part, StringComparison.Ordinal)).WaitAsync(Timeout);
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            throw new TimeoutException($"{_name} never wrote '{part}'. It wrote:\n{Everything}", e);
        }
    }

    private static async Task ReadAsync(StreamReader reader, OutputLines lines)
    {
        while (await reader.ReadLineAsync() is { } line)
            lines.Add(line);
        lines.End();
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int process, int signal);
}
