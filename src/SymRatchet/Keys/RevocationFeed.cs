using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace SymRatchet.Keys;

/// <summary>Publishes each revoked id to every subscriber. Thread-safe.</summary>
internal sealed class RevocationFeed
{
    private readonly Lock _gate = new();
    private readonly List<ChannelWriter<ClientId>> _subscribers = [];

    internal void Publish(ClientId id)
    {
        lock (_gate)
        {
            foreach (ChannelWriter<ClientId> subscriber in _subscribers)
                subscriber.TryWrite(id);
        }
    }

    /// <summary>Subscribes at once, not only when the enumeration starts.</summary>
    internal IAsyncEnumerable<ClientId> Subscribe(CancellationToken cancellationToken)
    {
        var queue = System.Threading.Channels.Channel.CreateUnbounded<ClientId>();
        lock (_gate)
            _subscribers.Add(queue.Writer);
        return ReadAsync(queue, cancellationToken);
    }

    private async IAsyncEnumerable<ClientId> ReadAsync(
        Channel<ClientId> queue,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        try
        {
            await foreach (ClientId id in queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return id;
        }
        finally
        {
            lock (_gate)
                _subscribers.Remove(queue.Writer);
        }
    }
}
