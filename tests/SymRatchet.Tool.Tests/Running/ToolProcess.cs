using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using SymRatchet.TestKit;

namespace SymRatchet.Tool.Tests.Running;

/// <summary>The tool as a process of its own; killed by its id when the test ends.</summary>
internal sealed partial class ToolProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _error;

    private ToolProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = Process.Start(start)!;
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>How long a test waits for what must come; one that passes never waits so long.</summary>
    internal static TimeSpan Limit { get; } = TimeSpan.FromMinutes(1);

    internal static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    internal static string Program { get; } =
        Repository.PathOf(
            "src",
            "SymRatchet.Tool",
            typeof(ToolProcess)
                .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
                .Single(attribute => attribute.Key == "ToolBinaries")
                .Value!,
            "SymRatchet.Tool.dll"
        );

    internal Stream Input => _process.StandardInput.BaseStream;

    internal Stream Output => _process.StandardOutput.BaseStream;

    internal StreamReader Lines => _process.StandardOutput;

    internal static ToolProcess Start(params string[] args) => new(new ProcessStartInfo(Dotnet, [Program, .. args]));

    internal static ToolProcess StartProgram(string program, params string[] args) =>
        new(new ProcessStartInfo(program, args));

    /// <summary>Runs lines of a shell, to which the tool is <c>symratchet</c>.</summary>
    internal static ToolProcess StartShell(string lines) =>
        new(
            new ProcessStartInfo(
                "bash",
                ["-euo", "pipefail", "-c", $"symratchet() {{ '{Dotnet}' '{Program}' \"$@\"; }}\n{lines}"]
            )
        );

    internal void Kill() => _process.Kill();

    /// <summary>What Ctrl-C does.</summary>
    internal void Interrupt() => Assert.Equal(0, Signal(_process.Id, 2));

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code and what it wrote to standard error.</returns>
    internal async Task<(int ExitCode, string Error)> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit);
        return (_process.ExitCode, await _error.WaitAsync(Limit));
    }

    /// <summary>Reads its standard output to the end, and waits for its own.</summary>
    /// <param name="limit">How long it may take; <see cref="Limit"/> if that is not said.</param>
    internal async Task<ToolRun> RunAsync(TimeSpan? limit = null)
    {
        _process.StandardInput.Close();
        string output = await Lines.ReadToEndAsync().WaitAsync(limit ?? Limit);
        (int exitCode, string error) = await EndAsync();
        return new ToolRun(exitCode, output, error);
    }

    /// <summary>A port that nobody listens on now.</summary>
    internal static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit(Limit);
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
