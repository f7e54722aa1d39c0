using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace SymRatchet.Keys;

/// <summary>Tells every subscriber of each revoked id. Thread-safe.</summary>
internal sealed class RevocationFeed
{
    private readonly Lock _gate = new();
    private readonly List<ChannelWriter<ReadOnlyMemory<byte>>> _subscribers = [];

    internal void Publish(ReadOnlyMemory<byte> id)
    {
        lock (_gate)
        {
            foreach (ChannelWriter<ReadOnlyMemory<byte>> subscriber in _subscribers)
                subscriber.TryWrite(id);
        }
    }

    /// <summary>Subscribes at once, not only when the first id is asked for.</summary>
    internal IAsyncEnumerable<ReadOnlyMemory<byte>> Subscribe(CancellationToken cancellationToken)
    {
        var queue = System.Threading.Channels.Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        lock (_gate)
            _subscribers.Add(queue.Writer);
        return ReadAsync(queue, cancellationToken);
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
        Channel<ReadOnlyMemory<byte>> queue, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        try
        {
            await foreach (ReadOnlyMemory<byte> id in queue.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return id;
        }
        finally
        {
            lock (_gate)
                _subscribers.Remove(queue.Writer);
        }
    }
}
