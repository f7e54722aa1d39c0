namespace SymRatchet.Channel;

/// <summary>
/// One connection among the <see cref="ChannelRegistry"/>. It enters before its handshake reads the store: a key that
/// is revoked earlier is not found, and one that is revoked later finds the connection here.
/// </summary>
internal sealed class RegisteredChannel(ChannelRegistry all) : IDisposable
{
    private readonly CancellationTokenSource _revoked = new();
    private readonly Lock _gate = new();
    private ClientId _id;
    private EstablishedChannel? _channel;
    private bool _disposed;

    internal bool IsRevoked { get; private set; }

    /// <summary>Cancelled when the identity is revoked during the handshake.</summary>
    internal CancellationToken Revoked => _revoked.Token;

    /// <summary>Says whose handshake this is; the first id stays.</summary>
    internal void Identify(ClientId id)
    {
        if (_id != default)
            return;
        _id = id;
        all.Enter(id, this);
    }

    /// <summary>The handshake is over, and its channel is what is ended from now on.</summary>
    /// <returns>False where the identity was revoked before.</returns>
    internal bool TryEstablish(EstablishedChannel channel)
    {
        lock (_gate)
        {
            _channel = channel;
            return !IsRevoked;
        }
    }

    /// <summary>Ends the handshake or the channel, and waits for nobody.</summary>
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
            all.Leave(_id, this);
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _revoked.Dispose();
        }
    }
}
