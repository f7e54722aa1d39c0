using System.Diagnostics;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>
/// A short connection through both ends of a tunnel, from its first packet to its end: connect, one byte each way, an
/// orderly close by both sides.
/// </summary>
internal sealed class TunnelConnectScenario(ServerPool servers) : ServedScenario(servers)
{
    internal override string Name => "tunnel-connect";

    internal override string Unit => "us";

    internal override string? Thing => "connection";

    private protected override Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        Task.FromResult<IMeasurement>(new Measurement(server));

    private sealed class Measurement(ServerProcess server) : Served(server)
    {
        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            TimeSpan spent = TimeSpan.Zero;
            List<TimeSpan> connections = [];
            while (spent < time)
            {
                long started = Stopwatch.GetTimestamp();
                await using (PeerConnection connection = await Server.ConnectAsync())
                {
                    await connection.SendWorkAsync(Work.Echo);
                    await connection.ReceiveWorkAsync();
                    await connection.CloseAsync();
                }

                connections.Add(Stopwatch.GetElapsedTime(started));
                spent += connections[^1];
            }

            // The one in the middle, as in the other scenario of connections.
            connections.Sort();
            return new Measured(connections[connections.Count / 2].TotalMicroseconds, connections.Count);
        }
    }
}
