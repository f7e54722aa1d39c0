using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>Provides the options of a client.</summary>
/// <remarks>
/// Either <see cref="Key"/> is required, or <see cref="Keys"/> with <see cref="ClientId"/>. See
/// <see cref="SecureChannelOptions"/> for thread safety.
/// </remarks>
public sealed class SecureChannelClientOptions : SecureChannelOptions
{
    /// <summary>
    /// Initializes a new instance of the <see cref="SecureChannelClientOptions"/> class with the defaults.
    /// </summary>
    public SecureChannelClientOptions() { }

    /// <summary>Initializes a new instance of the <see cref="SecureChannelClientOptions"/> class as a copy.</summary>
    /// <param name="other">The options to copy.</param>
    /// <remarks>The key, key store, clock and loggers are shared with the original.</remarks>
    public SecureChannelClientOptions(SecureChannelClientOptions other)
        : base(other)
    {
        Key = other.Key;
        Keys = other.Keys;
        ClientId = other.ClientId;
        SendBeforeConfirm = other.SendBeforeConfirm;
    }

    /// <summary>Gets or sets the client's key, which contains its id.</summary>
    /// <value>The default is null.</value>
    /// <remarks>
    /// Its epochs are kept in the key object only: after a restart the program begins at epoch 0 and catches up with
    /// the server, up to <see cref="SecureChannelOptions.EpochLimit"/>. For forward secrecy between sessions across
    /// restarts, import the key into a durable store once and set <see cref="Keys"/> instead.
    /// </remarks>
    public PreSharedKey? Key { get; set; }

    /// <summary>Gets or sets the client's key store.</summary>
    /// <value>The default is null.</value>
    /// <remarks>Not disposed by the channel.</remarks>
    public IKeyStore? Keys { get; set; }

    /// <summary>Gets or sets the client's id in <see cref="Keys"/>.</summary>
    /// <value>1 to 255 bytes; the default is null, which is enough for a <see cref="KeyFile"/>.</value>
    public ClientId? ClientId { get; set; }

    /// <summary>
    /// Gets or sets whether
    /// <see cref="SecureChannel.ConnectAsync(Stream, SecureChannelClientOptions, CancellationToken)"/> returns before
    /// SERVER_CONFIRM, so that data can follow CLIENT_CONFIRM at once (docs/protocol.md, 5.5).
    /// </summary>
    /// <value>The default is false.</value>
    /// <remarks>
    /// Saves one round trip, at a price: until this CLIENT_CONFIRM, a later one, or a later hello has reached the
    /// server, the server's store can still decrypt that data. Protocol 1 only.
    /// </remarks>
    public bool SendBeforeConfirm { get; set; }

    /// <inheritdoc/>
    public override void Validate() => Validated();

    internal SecureChannelClientOptions Validated()
    {
        ValidateCommon();
        if (ClientId is null && Keys is KeyFile { ClientId: { } only })
            return new SecureChannelClientOptions(this) { ClientId = only }.Validated();
        if (Key is null == Keys is null || Keys is null != ClientId is null)
            throw new ArgumentException(
                $"A client needs its key: set {nameof(Key)}, or {nameof(Keys)} together with {nameof(ClientId)}, and "
                    + "not both."
            );
        if (Key is not null && Key.Protocol != Protocol)
            throw new ArgumentException($"The key serves protocol {Key.Protocol}, but the options ask for {Protocol}.");
        if (ClientId is { Length: 0 or > Limits.MaxIdLength })
            throw new ArgumentException($"{nameof(ClientId)} must be 1 to {Limits.MaxIdLength} bytes.");
        if (Keys is IKeyDirectory { Role: not ChannelRole.Client })
            throw new ArgumentException(
                $"{nameof(Keys)} is a store of the server role; a client needs one of the client role."
            );
        return new SecureChannelClientOptions(this);
    }

    internal ClientId Id => Key?.Id ?? ClientId!.Value;
}
