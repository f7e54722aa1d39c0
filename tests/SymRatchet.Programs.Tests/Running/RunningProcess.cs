using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SymRatchet.Programs.Tests.Running;

/// <summary>A process of a test's own, killed by its id when the test ends.</summary>
internal sealed class RunningProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;
    private readonly TaskCompletionSource<string> _firstLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunningProcess(string program, string[] arguments, string? folder)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? Path.GetTempPath(),
        };
        _process = Process.Start(start)!;
        _output = ReadAsync(_process.StandardOutput);
        _error = _process.StandardError.ReadToEndAsync();
    }

    internal static RunningProcess Start(string program, params string[] arguments) => new(program, arguments, null);

    internal static RunningProcess StartIn(string folder, string program, params string[] arguments) =>
        new(program, arguments, folder);

    /// <summary>What it wrote first on its standard output.</summary>
    internal Task<string> FirstLineAsync() => _firstLine.Task.WaitAsync(Limit.Long);

    /// <summary>Waits until a server takes connections.</summary>
    internal async Task<IPEndPoint> ListeningAsync(int port)
    {
        IPEndPoint address = new(IPAddress.Loopback, port);
        using CancellationTokenSource limit = new(Limit.Long);
        while (true)
        {
            Assert.False(
                _process.HasExited,
                $"{_process.StartInfo.FileName} ended: {(_process.HasExited ? await _error : "")}"
            );
            try
            {
                using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(address, limit.Token);
                return address;
            }
            catch (SocketException)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }

    internal void Kill() => _process.Kill();

    /// <summary>Waits for its end.</summary>
    internal async Task<ProcessResult> EndAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Limit.Long);
        return new ProcessResult(_process.ExitCode, await _output, await _error);
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
            _process.Kill();
        _process.WaitForExit(Limit.Long);
        _process.Dispose();
    }

    private async Task<string> ReadAsync(StreamReader reader)
    {
        StringBuilder all = new();
        while (await reader.ReadLineAsync() is { } line)
        {
            _firstLine.TrySetResult(line);
            all.AppendLine(line);
        }

        _firstLine.TrySetException(new EndOfStreamException("It wrote nothing."));
        _ = _firstLine.Task.Exception;
        return all.ToString();
    }
}
