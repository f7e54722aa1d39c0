using SymRatchet.Comparison.Peers;

namespace SymRatchet.Comparison.Running;

/// <summary>The servers' processes of a run, each started when it is first needed.</summary>
internal sealed class ServerPool : IAsyncDisposable
{
    private readonly Dictionary<string, ServerProcess> _servers = [];

    internal async Task<ServerProcess> GetAsync(string peer)
    {
        if (!_servers.TryGetValue(peer, out ServerProcess? server))
            _servers.Add(peer, server = await ServerProcess.StartAsync(PeerCatalogue.Find(peer)));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (ServerProcess server in _servers.Values)
            await server.DisposeAsync();
    }
}
