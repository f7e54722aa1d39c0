namespace SymRatchet.Channel;

/// <summary>One handshake counted by a <see cref="HandshakeLimiter"/> until it is disposed.</summary>
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

    /// <summary>The identity named by the verified CLIENT_HELLO; empty before that.</summary>
    internal ClientId Id { get; set; }

    internal LinkedListNode<PendingHandshake> InAll { get; }

    internal LinkedListNode<PendingHandshake> InAddress { get; }

    internal LinkedListNode<PendingHandshake> InId { get; }

    internal bool IsEvicted { get; private set; }

    /// <summary>Cancelled when the handshake is evicted.</summary>
    internal CancellationToken Evicted => _evicted.Token;

    internal bool TryIdentify(ClientId id) => _limiter.TryIdentify(this, id);

    /// <summary>Records that the client has proven its key: from now on the handshake is not evicted.</summary>
    /// <returns>False if it was evicted before.</returns>
    internal bool TryConfirm() => _limiter.TryLeave(this);

    /// <summary>
    /// Evicts the handshake. Called under the limiter's lock, so the token's callbacks run on another thread.
    /// </summary>
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
