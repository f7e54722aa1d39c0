using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>What the server's process holds in memory for each of many connections on which nothing happens.</summary>
internal sealed class IdleScenario(ServerPool servers, int connections) : ServedScenario(servers)
{
    private const int AtOnce = 64;

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
            await CloseAsync(await OpenAsync(AtOnce));
            long before = await Server.AskAsync(PeerServer.LeastMemoryQuestion);
            List<PeerConnection> open = await OpenAsync(connections);
            long after = await Server.AskAsync(PeerServer.LeastMemoryQuestion);
            await CloseAsync(open);
            return new Measured((after - before) / 1024.0 / connections, connections);
        }

        private async Task<List<PeerConnection>> OpenAsync(int count)
        {
            List<PeerConnection> open = [];
            while (open.Count < count)
                open.AddRange(
                    await Task.WhenAll(
                        Enumerable.Range(0, Math.Min(AtOnce, count - open.Count)).Select(_ => OpenOneAsync())
                    )
                );
            return open;
        }

        private async Task<PeerConnection> OpenOneAsync()
        {
            PeerConnection connection = await Server.ConnectAsync();
            await connection.SendNumberAsync((long)Work.Echo);
            await connection.ReceiveNumberAsync();
            return connection;
        }

        private static async Task CloseAsync(List<PeerConnection> open)
        {
            foreach (PeerConnection connection in open)
                await connection.DisposeAsync();
        }
    }
}
