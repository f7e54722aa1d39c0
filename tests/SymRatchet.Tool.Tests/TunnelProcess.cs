using System.Collections.Concurrent;
using System.Diagnostics;

namespace SymRatchet.Tool.Tests;

/// <summary>The tool as a process of its own, which gets signals.</summary>
internal sealed class TunnelProcess : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();

    private TunnelProcess(Process process)
    {
        _process = process;
        process.ErrorDataReceived += (_, line) => _lines.Enqueue(line.Data ?? "");
        process.Start();
        process.BeginErrorReadLine();
    }

    internal string Log => string.Join('\n', _lines);

    internal static TunnelProcess Start(params string[] args) =>
        StartFile("dotnet", [typeof(ToolProgram).Assembly.Location, .. args]);

    /// <summary>Starts another build of the tool.</summary>
    internal static TunnelProcess StartFile(string file, params string[] args)
    {
        ProcessStartInfo start = new(file, args) { RedirectStandardError = true };
        return new TunnelProcess(new Process { StartInfo = start });
    }

    /// <summary>Waits until the log has a line with this text, so many times.</summary>
    internal async Task<string> HasLoggedAsync(string text, int times = 1)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Limit; await Task.Delay(20))
        {
            string[] found = [.. _lines.Where(line => line.Contains(text, StringComparison.Ordinal))];
            if (found.Length >= times)
                return found[times - 1];
            Assert.False(_process.HasExited, $"it ended: {Log}");
        }

        Assert.Fail($"it did not log '{text}': {Log}");
        return "";
    }

    /// <summary>Returns where it listens, once it does.</summary>
    internal async Task<string> ListensAsync(int number = 1)
    {
        string line = await HasLoggedAsync("listens on", number);
        return line[(line.LastIndexOf(' ') + 1)..].TrimEnd('.');
    }

    internal void Kill() => _process.Kill();

    internal async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    internal long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    internal bool HasExited => _process.HasExited;

    internal async Task<int> ExitCodeAsync()
    {
        using CancellationTokenSource limit = new(Limit);
        await _process.WaitForExitAsync(limit.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
