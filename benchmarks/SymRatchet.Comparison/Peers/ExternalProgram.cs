using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Comparison.Peers;

/// <summary>A program that is not ours, installed or not, and its life beside a measurement.</summary>
internal static class ExternalProgram
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    /// <summary>What to say where a program is not there, or null.</summary>
    internal static string? Missing(string program, string package) =>
        Find(program) is null ? $"{program} is not installed (Debian: apt-get install {package})" : null;

    internal static Process Start(string program, params string[] arguments) => StartFile(Find(program)!, arguments);

    /// <summary>Starts a program that lies somewhere else than programs are searched for.</summary>
    internal static Process StartFile(string path, params string[] arguments)
    {
        ProcessStartInfo start = new(path, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process = Process.Start(start)!;
        _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null);
        _ = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        return process;
    }

    internal static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    /// <summary>A port that nobody listens on at this moment.</summary>
    internal static int FreePort()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>Waits until a program listens.</summary>
    internal static async Task WaitForAsync(int port, Process process)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await ListensAsync(port))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > Timeout)
                throw new IOException(
                    $"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)} does not listen."
                );
            await Task.Delay(20);
        }
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);
}
