namespace SymRatchet;

/// <summary>What a server needs to accept: the keys of its clients.</summary>
public sealed class SecureChannelServerOptions : SecureChannelOptions
{
    /// <summary>Makes options with defaults.</summary>
    public SecureChannelServerOptions() { }

    /// <summary>
    /// Makes a copy. The key store, limiter, registry, clock and loggers are shared with the original.
    /// </summary>
    /// <param name="other">The options to copy.</param>
    public SecureChannelServerOptions(SecureChannelServerOptions other)
        : base(other)
    {
        Keys = other.Keys;
        HandshakeLimiter = other.HandshakeLimiter;
        ChannelRegistry = other.ChannelRegistry;
    }

    /// <summary>The keys of the clients. Required; not disposed by the channel.</summary>
    public IKeyStore? Keys { get; set; }

    /// <summary>The limits on pending handshakes, shared by all accepts that share the object; null for none.</summary>
    public HandshakeLimiter? HandshakeLimiter { get; set; } = new();

    /// <summary>
    /// Ends the channels of identities that are revoked, shared by all accepts that share the object; null, the
    /// default, for none.
    /// </summary>
    public ChannelRegistry? ChannelRegistry { get; set; }

    /// <inheritdoc/>
    public override void Validate() => Validated();

    internal SecureChannelServerOptions Validated()
    {
        ValidateCommon();
        if (Keys is null)
            throw new ArgumentException(
                $"{nameof(SecureChannelServerOptions)}.{nameof(Keys)} is not set; a server needs the keys of its "
                    + "clients."
            );
        if (Keys is IKeyDirectory { Role: not ChannelRole.Server })
            throw new ArgumentException(
                $"{nameof(Keys)} is a store of the client role; a server needs one of the server role."
            );
        HandshakeLimiter?.Validate();
        return new SecureChannelServerOptions(this);
    }
}
