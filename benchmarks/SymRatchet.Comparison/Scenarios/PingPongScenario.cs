using System.Diagnostics;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>A message of 64 bytes there and back, one at a time.</summary>
internal sealed class PingPongScenario(ServerPool servers, string name = "pingpong-64B") : ServedScenario(servers)
{
    internal override string Name => name;

    internal override string Unit => "us";

    internal override string? Thing => "round trip";

    private protected override async Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        new Measurement(server, await server.ConnectAsync());

    private sealed class Measurement(ServerProcess server, PeerConnection connection)
        : OverOneConnection(server, connection)
    {
        private readonly byte[] _message = new byte[Sizes.Message];

        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            await Connection.SendWorkAsync(Work.PingPong);
            await Connection.ReceiveWorkAsync();
            long started = Stopwatch.GetTimestamp();
            long rounds = 0;
            _message[0] = 0;
            while (_message[0] == 0)
            {
                if (Stopwatch.GetElapsedTime(started) >= time)
                    _message[0] = 1;
                await Connection.Stream.WriteAsync(_message);
                await Connection.Stream.FlushAsync();
                await Connection.Stream.ReadExactlyAsync(_message);
                rounds++;
            }

            return new Measured(Stopwatch.GetElapsedTime(started).TotalMicroseconds / rounds, rounds);
        }
    }
}
