using System.Diagnostics;
using System.Globalization;
using System.Net;
using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Running;

/// <summary>A peer's server in a process of its own, as its clients see it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Peer _peer;
    private readonly Process _process;
    private readonly int _port;
    private readonly string _credential;

    private ServerProcess(Peer peer, Process process, int port, string credential)
    {
        _peer = peer;
        _process = process;
        _port = port;
        _credential = credential;
    }

    internal static async Task<ServerProcess> StartAsync(Peer peer)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            ArgumentList = { PeersCommand.ServerRole, peer.Name },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { [RunSecret.Variable] = Convert.ToHexString(RunSecret.Bytes) },
        };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Insert(0, typeof(ServerProcess).Assembly.Location);
        Process process = Process.Start(start)!;
        string ready =
            await process.StandardOutput.ReadLineAsync()
            ?? throw new IOException($"The server of {peer.Name} ended before it listened.");
        string[] parts = ready.Split(' ', 2);
        return new ServerProcess(peer, process, int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
    }

    internal Task<PeerConnection> ConnectAsync(IPAddress? from = null) =>
        ((WirePeer)_peer).ConnectAsync(_port, _credential, from);

    /// <summary>What it holds and has used; after a collection of all that can be, where that is asked for.</summary>
    internal async Task<ProcessUse> UseAsync(bool collected = false) =>
        new(
            await AskAsync(collected ? PeerServer.LeastMemoryQuestion : PeerServer.MemoryQuestion),
            await AskAsync(PeerServer.HeapQuestion),
            TimeSpan.FromMicroseconds(await AskAsync(PeerServer.CpuQuestion))
        );

    /// <summary>A client of an HTTP server, with its own connections.</summary>
    internal HttpClient CreateHttpClient() => ((HttpPeer)_peer).CreateClient(_port, _credential);

    internal async Task<long> AskAsync(string question)
    {
        await _process.StandardInput.WriteLineAsync(question);
        string answer =
            await _process.StandardOutput.ReadLineAsync()
            ?? throw new IOException($"The server of {_peer.Name} is gone.");
        return long.Parse(answer, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
        await _peer.DisposeAsync();
    }
}
