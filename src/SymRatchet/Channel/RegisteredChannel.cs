namespace SymRatchet.Channel;

/// <summary>
/// One connection in a <see cref="ChannelRegistry"/>. It registers before its handshake reads the store: a key revoked
/// earlier is not found there, and a later revocation finds the connection here.
/// </summary>
internal sealed class RegisteredChannel(ChannelRegistry registry) : IDisposable
{
    private readonly CancellationTokenSource _revoked = new();
    private readonly Lock _gate = new();
    private ClientId _id;
    private EstablishedChannel? _channel;
    private bool _disposed;

    internal bool IsRevoked { get; private set; }

    /// <summary>Cancelled when the identity is revoked during the handshake.</summary>
    internal CancellationToken Revoked => _revoked.Token;

    /// <summary>Sets the identity; only the first call counts.</summary>
    internal void Identify(ClientId id)
    {
        if (_id != default)
            return;
        _id = id;
        registry.Enter(id, this);
    }

    /// <summary>Hands over the channel, which a revocation ends from now on in place of the handshake.</summary>
    /// <returns>False if the identity was revoked before.</returns>
    internal bool TryEstablish(EstablishedChannel channel)
    {
        lock (_gate)
        {
            _channel = channel;
            return !IsRevoked;
        }
    }

    /// <summary>Ends the handshake or the channel without waiting.</summary>
    internal void End()
    {
        EstablishedChannel? channel;
        lock (_gate)
        {
            if (_disposed)
                return;
            IsRevoked = true;
            channel = _channel;
            _ = _revoked.CancelAsync();
        }

        channel?.Abort(HandshakeDriver.RevokedKey);
    }

    public void Dispose()
    {
        if (_id != default)
            registry.Leave(_id, this);
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _revoked.Dispose();
        }
    }
}
