using System.Diagnostics;
using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Running;

/// <summary>This program once more, in another part, with lines to and from it. It ends when its input does.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _role;

    private ChildProcess(Process process, string role)
    {
        _process = process;
        _role = role;
    }

    internal static ChildProcess Start(string role, params string[] arguments) => Start(role, arguments, []);

    /// <summary>
    /// Starts it as docs/operations.md says for the server of a large fleet; the fleet itself, too, which has a machine
    /// for each client in earnest.
    /// </summary>
    internal static ChildProcess StartForFleet(string role, params string[] arguments) =>
        Start(role, arguments, [("DOTNET_gcServer", "1"), ("DOTNET_GCDynamicAdaptationMode", "0")]);

    private static ChildProcess Start(string role, string[] arguments, (string Name, string Value)[] settings)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!, [role, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { [RunSecret.Variable] = Convert.ToHexString(RunSecret.Bytes) },
        };
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Insert(0, typeof(ChildProcess).Assembly.Location);
        return new ChildProcess(Process.Start(start)!, role);
    }

    /// <summary>The next line that it writes.</summary>
    internal async Task<string> ReadAsync() =>
        await _process.StandardOutput.ReadLineAsync() ?? throw new IOException($"The process of {_role} is gone.");

    /// <summary>Writes it a line.</summary>
    internal async Task WriteAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    /// <summary>Writes it a line, and reads the next one.</summary>
    internal async Task<string> AskAsync(string line)
    {
        await WriteAsync(line);
        return await ReadAsync();
    }

    /// <summary>Ends its input, after which it says its last words and ends.</summary>
    internal void End() => _process.StandardInput.Close();

    /// <summary>Kills it as a crash would.</summary>
    internal async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
