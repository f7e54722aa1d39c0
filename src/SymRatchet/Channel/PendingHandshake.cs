namespace SymRatchet.Channel;

/// <summary>
/// One place among the pending handshakes of a <see cref="HandshakeLimiter"/>, given back when disposed.
/// </summary>
internal sealed class PendingHandshake : IDisposable
{
    private readonly HandshakeLimiter _limiter;
    private readonly CancellationTokenSource _evicted = new();

    internal PendingHandshake(HandshakeLimiter limiter, AddressBlock? address)
    {
        _limiter = limiter;
        Address = address;
        InAll = new LinkedListNode<PendingHandshake>(this);
        InAddress = new LinkedListNode<PendingHandshake>(this);
        InId = new LinkedListNode<PendingHandshake>(this);
    }

    internal AddressBlock? Address { get; }

    /// <summary>The identity that a verified hello named; empty while there was none.</summary>
    internal ClientId Id { get; set; }

    internal LinkedListNode<PendingHandshake> InAll { get; }

    internal LinkedListNode<PendingHandshake> InAddress { get; }

    internal LinkedListNode<PendingHandshake> InId { get; }

    internal bool IsEvicted { get; private set; }

    /// <summary>Cancelled when the handshake is evicted.</summary>
    internal CancellationToken Evicted => _evicted.Token;

    internal bool TryIdentify(ClientId id) => _limiter.TryIdentify(this, id);

    /// <summary>The client has proven its key: from here on the handshake is not evicted any more.</summary>
    /// <returns>False where it was evicted before.</returns>
    internal bool TryConfirm() => _limiter.TryLeave(this);

    /// <summary>Called under the limiter's lock; whoever waits on the token runs elsewhere.</summary>
    internal void Evict()
    {
        IsEvicted = true;
        _ = _evicted.CancelAsync();
    }

    public void Dispose()
    {
        _limiter.TryLeave(this);
        _evicted.Dispose();
    }
}
