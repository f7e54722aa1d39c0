using System.Diagnostics;
using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>
/// Messages of 64 bytes one way, put together as far as the peer's API does so; how many a second, or what they
/// allocate at both ends.
/// </summary>
internal sealed class MessagesScenario(ServerPool servers, bool allocations, string name = "messages-64B")
    : ServedScenario(servers)
{
    // The clock is looked at once in so many messages.
    private const int Batch = 64;

    internal override string Name => allocations ? "allocated-64B" : name;

    internal override string Unit => allocations ? "B" : "messages/s";

    internal override string? Thing => allocations ? null : "message";

    internal override bool MoreIsBetter => !allocations;

    private protected override async Task<IMeasurement> PrepareAsync(ServerProcess server) =>
        new Measurement(server, await server.ConnectAsync(), allocations);

    private sealed class Measurement(ServerProcess server, PeerConnection connection, bool allocations)
        : OverOneConnection(server, connection)
    {
        private readonly byte[] _message = new byte[Sizes.Message];

        public override async Task<Measured> MeasureAsync(TimeSpan time)
        {
            long allocated = await AllocatedAsync();
            await Connection.SendWorkAsync(Work.TakeMessages);
            long started = Stopwatch.GetTimestamp();
            _message[0] = 0;
            while (_message[0] == 0)
            {
                for (int i = 0; i < Batch; i++)
                    await Connection.SendAsync(_message);
                if (Stopwatch.GetElapsedTime(started) >= time)
                    _message[0] = 1;
            }

            await Connection.SendAsync(_message);
            await Connection.FlushAsync();
            long messages = await Connection.ReceiveNumberAsync();
            TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
            double value = allocations
                ? (double)(await AllocatedAsync() - allocated) / messages
                : messages / elapsed.TotalSeconds;
            return new Measured(value, messages);
        }

        private async Task<long> AllocatedAsync() =>
            allocations
                ? await Server.AskAsync(PeerServer.AllocatedQuestion) + GC.GetTotalAllocatedBytes(precise: true)
                : 0;
    }
}
