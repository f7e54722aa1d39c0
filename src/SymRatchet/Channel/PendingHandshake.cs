using System.Net;

namespace SymRatchet.Channel;

/// <summary>One place among the pending handshakes of a <see cref="HandshakeLimiter"/>, given back when disposed.</summary>
internal sealed class PendingHandshake(HandshakeLimiter limiter, IPAddress? address) : IDisposable
{
    private readonly CancellationTokenSource _evicted = new();

    internal IPAddress? Address { get; } = address;

    /// <summary>The identity whose key the handshake has proven; null while it has proven nothing.</summary>
    internal string? Id { get; set; }

    internal string? Hello { get; set; }

    internal bool IsBehind { get; set; }

    internal LinkedListNode<PendingHandshake>? Node { get; set; }

    internal bool IsEvicted { get; private set; }

    /// <summary>Cancelled when the handshake has to make room.</summary>
    internal CancellationToken Evicted => _evicted.Token;

    internal bool TryIdentify(ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> nonce, bool isBehind) =>
        limiter.TryIdentify(this, id, nonce, isBehind);

    /// <summary>Called under the limiter's lock; whoever waits on the token runs elsewhere.</summary>
    internal void Evict()
    {
        IsEvicted = true;
        _ = _evicted.CancelAsync();
    }

    public void Dispose()
    {
        limiter.Leave(this);
        _evicted.Dispose();
    }
}
