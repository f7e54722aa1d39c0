using System.Diagnostics;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>A body of 1 GiB from the server.</summary>
internal sealed class DownloadScenario(ServerPool servers) : ServedScenario(servers)
{
    private const long Size = 1 << 30;

    internal override string Name => "http-1GiB";

    internal override string Unit => "GB/s";

    internal override string? Thing => "GB";

    internal override bool MoreIsBetter => true;

    internal override int MaxRounds => 5;

    private protected override Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        Task.FromResult<IMeasurement>(new Measurement(server, server.CreateHttpClient()));

    private sealed class Measurement(ServerProcess server, HttpClient client) : Served(server)
    {
        private readonly byte[] _buffer = new byte[Sizes.Block];

        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            long started = Stopwatch.GetTimestamp();
            await using Stream body = await client.GetStreamAsync($"/bytes/{Size}");
            long total = 0;
            while (await body.ReadAsync(_buffer) is > 0 and int read)
                total += read;
            return total == Size
                ? new Measured(total / Stopwatch.GetElapsedTime(started).TotalNanoseconds, total / 1e9)
                : throw new EndOfStreamException($"{total} of {Size} bytes came.");
        }

        public override ValueTask DisposeAsync()
        {
            client.Dispose();
            return default;
        }
    }
}
