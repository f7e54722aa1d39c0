using System.Globalization;
using System.Net;
using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Running;

/// <summary>A peer's server in a process of its own, as its clients see it.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Peer _peer;
    private readonly ChildProcess _process;
    private readonly int _port;
    private readonly string _credential;

    private ServerProcess(Peer peer, ChildProcess process, int port, string credential)
    {
        _peer = peer;
        _process = process;
        _port = port;
        _credential = credential;
    }

    internal static async Task<ServerProcess> StartAsync(Peer peer)
    {
        var process = ChildProcess.Start(PeersCommand.ServerRole, peer.Name);
        string[] parts = (await process.ReadAsync()).Split(' ', 2);
        return new ServerProcess(peer, process, int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
    }

    internal Task<PeerConnection> ConnectAsync(IPAddress? from = null) =>
        ((WirePeer)_peer).ConnectAsync(_port, _credential, from);

    /// <summary>A client of an HTTP server, with its own connections.</summary>
    internal HttpClient CreateHttpClient() => ((HttpPeer)_peer).CreateClient(_port, _credential);

    internal async Task<long> AskAsync(string question) =>
        long.Parse(await _process.AskAsync(question), CultureInfo.InvariantCulture);

    /// <summary>The CPU time of its threads, and of the tunnel programs that it works through.</summary>
    internal async Task<TimeSpan> CpuAsync() => TimeSpan.FromMicroseconds(await AskAsync(PeerServer.CpuQuestion));

    /// <summary>What it holds and has used; after a collection of all that can be, where that is asked for.</summary>
    internal async Task<ProcessUse> UseAsync(bool collected = false) =>
        new(
            await AskAsync(collected ? PeerServer.LeastMemoryQuestion : PeerServer.MemoryQuestion),
            await AskAsync(PeerServer.HeapQuestion),
            TimeSpan.FromMicroseconds(await AskAsync(PeerServer.CpuQuestion))
        );

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await _peer.DisposeAsync();
    }
}
