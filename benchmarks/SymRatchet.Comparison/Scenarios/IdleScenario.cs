using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>What the server's process holds in memory for each of many connections on which nothing happens.</summary>
internal sealed class IdleScenario(ServerPool servers, int connections) : ServedScenario(servers)
{
    internal override string Name => "idle-connection";

    internal override string Unit => "KiB";

    internal override int MaxRounds => 3;

    private protected override Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        Task.FromResult<IMeasurement>(new Measurement(server, connections));

    private sealed class Measurement(ServerProcess server, int connections) : Served(server)
    {
        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            // The first connections bring code and tables into memory that all others share.
            await IdleConnections.CloseAsync(await IdleConnections.OpenAsync(Server, IdleConnections.AtOnce));
            long before = await Server.AskAsync(PeerServer.LeastMemoryQuestion);
            List<PeerConnection> open = await IdleConnections.OpenAsync(Server, connections);
            long after = await Server.AskAsync(PeerServer.LeastMemoryQuestion);
            await IdleConnections.CloseAsync(open);
            return new Measured((after - before) / 1024.0 / connections, connections);
        }
    }
}
