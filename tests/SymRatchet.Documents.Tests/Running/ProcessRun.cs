using System.Diagnostics;

namespace SymRatchet.Documents.Tests.Running;

/// <summary>A process that ran to its end, and what it wrote.</summary>
internal sealed record ProcessRun(int ExitCode, string Output, string Error)
{
    // Long enough for a loaded machine; a test that passes never waits for it.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>The dotnet command that runs these tests.</summary>
    internal static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>Runs a command in a folder, and expects that all goes well.</summary>
    internal static async Task<string> GoodAsync(string folder, string command, params string[] args)
    {
        ProcessRun run = await RunAsync(folder, command, args);
        Assert.True(
            run.ExitCode == 0,
            $"{command} {string.Join(' ', args)} ended with {run.ExitCode}:\n{run.Output}{run.Error}"
        );
        return run.Output.Trim();
    }

    internal static async Task<ProcessRun> RunAsync(string folder, string command, params string[] args)
    {
        using Process process = Start(folder, command, args);
        using CancellationTokenSource limit = new(Patience);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return new ProcessRun(process.ExitCode, output, await error);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Starts a process whose standard output and error are read by the caller.</summary>
    internal static Process Start(string folder, string command, params string[] args)
    {
        ProcessStartInfo start = new(command, args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return Process.Start(start)!;
    }
}
