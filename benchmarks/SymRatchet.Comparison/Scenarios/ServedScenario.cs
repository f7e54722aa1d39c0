using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>A scenario between this process and a peer's server in another.</summary>
internal abstract class ServedScenario(ServerPool servers) : Scenario
{
    internal override async Task<IMeasurement> PrepareAsync(string peer) =>
        await PrepareAsync(await servers.GetAsync(peer));

    private protected abstract Task<IMeasurement> PrepareAsync(ServerProcess server);

    /// <summary>A measurement over one connection that stays for all of them.</summary>
    private protected abstract class OverOneConnection(PeerConnection connection) : IMeasurement
    {
        private protected PeerConnection Connection => connection;

        public abstract Task<double> MeasureAsync(TimeSpan time);

        public ValueTask DisposeAsync() => connection.DisposeAsync();
    }
}
