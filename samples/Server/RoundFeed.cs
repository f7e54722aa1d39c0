using System.Threading.Channels;
using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server;

/// <summary>
/// What happens in the rounds, for whoever shows it. A reader that is too slow loses the oldest events; the rounds
/// never wait for it.
/// </summary>
internal sealed class RoundFeed
{
    private readonly Channel<RoundEvent> _events = System.Threading.Channels.Channel.CreateBounded<RoundEvent>(
        new BoundedChannelOptions(4096) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
    );

    internal void Publish(RoundEvent roundEvent) => _events.Writer.TryWrite(roundEvent);

    internal IAsyncEnumerable<RoundEvent> ReadAllAsync(CancellationToken cancellationToken) =>
        _events.Reader.ReadAllAsync(cancellationToken);
}
