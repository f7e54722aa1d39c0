using System.Diagnostics;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>
/// A connection from the first packet to the first answer: connect, handshake, one byte each way. Where it closes, also
/// to the orderly close by both sides.
/// </summary>
internal sealed class ConnectScenario(ServerPool servers, string name = "connect", bool closes = false)
    : ServedScenario(servers)
{
    internal override string Name => name;

    internal override string Unit => "us";

    internal override string? Thing => "connection";

    private protected override Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        Task.FromResult<IMeasurement>(new Measurement(server, closes));

    private sealed class Measurement(ServerProcess server, bool closes) : Served(server)
    {
        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            TimeSpan spent = TimeSpan.Zero;
            List<TimeSpan> connections = [];
            while (spent < time)
            {
                long started = Stopwatch.GetTimestamp();
                PeerConnection connection = await Server.ConnectAsync();
                await connection.SendWorkAsync(Work.Echo);
                await connection.ReceiveWorkAsync();
                if (closes)
                    await connection.CloseAsync();
                connections.Add(Stopwatch.GetElapsedTime(started));
                spent += connections[^1];
                await connection.DisposeAsync();
            }

            // The one in the middle: where a machine is shared, a few wait for milliseconds until it goes on.
            connections.Sort();
            return new Measured(connections[connections.Count / 2].TotalMicroseconds, connections.Count);
        }
    }
}
