using System.Diagnostics;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>
/// Blocks of 64 KiB one way through the peer's stream, until the server has said that it has them all.
/// </summary>
internal sealed class StreamScenario(ServerPool servers, string name = "stream-64KiB") : ServedScenario(servers)
{
    internal override string Name => name;

    internal override string Unit => "GB/s";

    internal override string? Thing => "GB";

    internal override bool MoreIsBetter => true;

    private protected override async Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        new Measurement(server, await server.ConnectAsync());

    private sealed class Measurement(ServerProcess server, PeerConnection connection)
        : OverOneConnection(server, connection)
    {
        private readonly byte[] _block = new byte[Sizes.Block];

        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            await Connection.SendWorkAsync(Work.TakeStream);
            long started = Stopwatch.GetTimestamp();
            _block[0] = 0;
            while (_block[0] == 0)
            {
                if (Stopwatch.GetElapsedTime(started) >= time)
                {
                    await Connection.FlushAsync();
                    _block[0] = 1;
                }

                await Connection.SendBlockAsync(_block);
            }

            await Connection.FlushAsync();
            await Connection.Stream.FlushAsync();
            long blocks = await Connection.ReceiveNumberAsync();
            double bytes = blocks * (double)Sizes.Block;
            return new Measured(bytes / Stopwatch.GetElapsedTime(started).TotalNanoseconds, bytes / 1e9);
        }
    }
}
