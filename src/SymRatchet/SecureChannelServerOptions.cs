namespace SymRatchet;

/// <summary>Provides the options of a server.</summary>
/// <remarks>See <see cref="SecureChannelOptions"/> for thread safety.</remarks>
public sealed class SecureChannelServerOptions : SecureChannelOptions
{
    /// <summary>
    /// Initializes a new instance of the <see cref="SecureChannelServerOptions"/> class with the defaults.
    /// </summary>
    public SecureChannelServerOptions() { }

    /// <summary>Initializes a new instance of the <see cref="SecureChannelServerOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <remarks>The key store, limiter, registry, clock and loggers are shared with the original.</remarks>
    public SecureChannelServerOptions(SecureChannelServerOptions other)
        : base(other)
    {
        Keys = other.Keys;
        HandshakeLimiter = other.HandshakeLimiter;
        ChannelRegistry = other.ChannelRegistry;
    }

    /// <summary>Gets or sets the store of the clients' keys.</summary>
    /// <value>Required; the default is null.</value>
    /// <remarks>Not disposed by the channel.</remarks>
    public IKeyStore? Keys { get; set; }

    /// <summary>
    /// Gets or sets the limits on pending handshakes, shared by all accepts that use the same object.
    /// </summary>
    /// <value>The default is a new <see cref="SymRatchet.HandshakeLimiter"/>; null for no limits.</value>
    public HandshakeLimiter? HandshakeLimiter { get; set; } = new();

    /// <summary>
    /// Gets or sets the registry that ends the channels of revoked identities, shared by all accepts that use the same
    /// object.
    /// </summary>
    /// <value>The default is null, for none.</value>
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
