using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>
/// What the server's end of a tunnel holds in memory for each of many connections on which nothing happens.
/// </summary>
internal sealed class TunnelIdleScenario(int connections) : Scenario
{
    internal override string Name => "tunnel-idle";

    internal override string Unit => "KiB";

    internal override int MaxRounds => 3;

    // Programs of its own: what others did before in the same one would be in its memory already.
    internal override async Task<IMeasurement> PrepareAsync(string peer) =>
        new Measurement(await ServerProcess.StartAsync(PeerCatalogue.Find(peer)), connections);

    private sealed class Measurement(ServerProcess server, int connections) : IMeasurement
    {
        private long? _before;

        public async Task<Measured> MeasureAsync(TimeSpan time)
        {
            // The first connections bring code and tables into memory that all others share. What stays of one round is
            // no gift to the next: all are measured from the same beginning.
            if (_before is null)
                await IdleConnections.CloseAsync(await IdleConnections.OpenAsync(server, IdleConnections.AtOnce));
            long before = _before ??= await server.AskAsync(PeerServer.MemoryQuestion);
            List<PeerConnection> open = await IdleConnections.OpenAsync(server, connections);
            long after = await server.AskAsync(PeerServer.MemoryQuestion);
            await IdleConnections.CloseAsync(open);
            return new Measured((after - before) / 1024.0 / connections, connections);
        }

        public Task<TimeSpan?> CpuAsync() => Task.FromResult<TimeSpan?>(null);

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
