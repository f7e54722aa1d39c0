using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>A scenario between this process and a peer's server in another.</summary>
internal abstract class ServedScenario(ServerPool servers) : Scenario
{
    internal override async Task<IMeasurement> PrepareAsync(string peer) =>
        await PrepareAsync(await servers.GetAsync(peer));

    private protected abstract Task<IMeasurement> PrepareAsync(ServerProcess server);

    /// <summary>A measurement with a server.</summary>
    private protected abstract class Served(ServerProcess server) : IMeasurement
    {
        private protected ServerProcess Server => server;

        public abstract Task<Measured> MeasureAsync(TimeSpan time);

        public async Task<TimeSpan?> CpuAsync() => ProcessUse.CpuTime + await server.CpuAsync();

        public virtual ValueTask DisposeAsync() => default;
    }

    /// <summary>A measurement over one connection that stays for all of them.</summary>
    private protected abstract class OverOneConnection(ServerProcess server, PeerConnection connection) : Served(server)
    {
        private protected PeerConnection Connection => connection;

        public override ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
