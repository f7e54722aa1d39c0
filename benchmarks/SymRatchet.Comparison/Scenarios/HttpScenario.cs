using System.Diagnostics;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>Small requests by many clients at once: over connections that stay, or each over a new one.</summary>
internal sealed class HttpScenario(ServerPool servers, bool newConnections) : ServedScenario(servers)
{
    private const int KeptAlive = 32;
    private const int AtOnceOverNew = 4;

    internal override string Name => newConnections ? "http-connect" : "http-get";

    internal override string Unit => "requests/s";

    internal override string? Thing => "request";

    internal override bool MoreIsBetter => true;

    private protected override Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        Task.FromResult<IMeasurement>(new Measurement(server, server.CreateHttpClient(), newConnections));

    private sealed class Measurement : Served
    {
        private readonly HttpClient _client;
        private readonly int _atOnce;

        internal Measurement(ServerProcess server, HttpClient client, bool newConnections)
            : base(server)
        {
            _client = client;
            _client.DefaultRequestHeaders.ConnectionClose = newConnections;
            _atOnce = newConnections ? AtOnceOverNew : KeptAlive;
        }

        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            long started = Stopwatch.GetTimestamp();
            int[] requests = await Task.WhenAll(Enumerable.Range(0, _atOnce).Select(_ => RequestAsync(started, time)));
            return new Measured(requests.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds, requests.Sum());
        }

        public override ValueTask DisposeAsync()
        {
            _client.Dispose();
            return default;
        }

        private async Task<int> RequestAsync(long started, TimeSpan time)
        {
            int requests = 0;
            do
            {
                using HttpResponseMessage answer = await _client.GetAsync("/");
                answer.EnsureSuccessStatusCode();
                requests++;
            } while (Stopwatch.GetElapsedTime(started) < time);
            return requests;
        }
    }
}
