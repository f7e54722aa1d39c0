using System.Diagnostics;
using System.Reflection;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Crash;

/// <summary>One end of the crash test as a process of its own, and what it has written.</summary>
internal sealed class CrashingProcess : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private static readonly string Program = Repository.PathOf(
        "tests",
        "SymRatchet.KeyStores.CrashProcess",
        typeof(CrashingProcess)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "PeerBinaries")
            .Value!,
        "SymRatchet.KeyStores.CrashProcess.dll"
    );

    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly Process _process;
    private readonly Task _reading;
    private bool _disposed;
    private TaskCompletionSource _grown = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private CrashingProcess(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    internal static CrashingProcess Start(params string[] arguments)
    {
        ProcessStartInfo start = new(
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            [Program, .. arguments]
        )
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        return new CrashingProcess(Process.Start(start)!);
    }

    internal string[] Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    /// <summary>Waits for a line beyond those that were there before.</summary>
    /// <param name="beginning">How the line begins.</param>
    /// <param name="after">How many lines with this beginning are not enough.</param>
    internal async Task<string> WaitForAsync(string beginning, int after = 0)
    {
        using CancellationTokenSource timeout = new(Timeout);
        while (true)
        {
            Task grown = _grown.Task;
            string[] matching = [.. Lines.Where(line => line.StartsWith(beginning, StringComparison.Ordinal))];
            if (matching.Length > after)
                return matching[^1];
            if (_process.HasExited && _reading.IsCompleted)
                throw new InvalidOperationException(
                    $"The process ended, and never wrote '{beginning}':\n{string.Join('\n', Lines)}"
                );
            try
            {
                await grown.WaitAsync(timeout.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException(
                    $"No '{beginning}' was written; the last lines:\n{string.Join('\n', Lines.TakeLast(20))}"
                );
            }
        }
    }

    internal int GetCount(string beginning) =>
        Lines.Count(line => line.StartsWith(beginning, StringComparison.Ordinal));

    /// <summary>Tells the store in the process when it is to end the process.</summary>
    internal async Task ArmAsync(string order)
    {
        await _process.StandardInput.WriteLineAsync(order);
        await _process.StandardInput.FlushAsync();
    }

    internal void Kill() => _process.Kill();

    internal async Task WaitForExitAsync()
    {
        using CancellationTokenSource timeout = new(Timeout);
        await _process.WaitForExitAsync(timeout.Token);
        await _reading.WaitAsync(Timeout);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (!_process.HasExited)
            _process.Kill();
        await WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader reader)
    {
        while (true)
        {
            string? line = await reader.ReadLineAsync();
            TaskCompletionSource grown;
            lock (_gate)
            {
                if (line is not null)
                    _lines.Add(line);
                grown = _grown;
                _grown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            grown.SetResult();
            if (line is null)
                return;
        }
    }
}
