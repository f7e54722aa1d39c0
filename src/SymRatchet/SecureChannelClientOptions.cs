using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>
/// What a client needs to connect: who it is, and its key. Either <see cref="Key"/>, or <see cref="Keys"/> with
/// <see cref="ClientId"/>.
/// </summary>
public sealed class SecureChannelClientOptions : SecureChannelOptions
{
    /// <summary>Makes options with defaults.</summary>
    public SecureChannelClientOptions() { }

    /// <summary>Makes a copy. The key, key store, clock and loggers are shared with the original.</summary>
    /// <param name="other">The options to copy.</param>
    public SecureChannelClientOptions(SecureChannelClientOptions other)
        : base(other)
    {
        Key = other.Key;
        Keys = other.Keys;
        ClientId = other.ClientId;
        SendBeforeConfirm = other.SendBeforeConfirm;
    }

    /// <summary>
    /// The client's key, which carries its id. Its epochs are remembered by the key object and no longer: a program
    /// that starts again begins at epoch 0 and catches up with the server, as far as
    /// <see cref="SecureChannelOptions.EpochLimit"/>. For forward secrecy between sessions that survives a restart,
    /// import the key into a durable store once and set <see cref="Keys"/> instead.
    /// </summary>
    public PreSharedKey? Key { get; set; }

    /// <summary>The client's own key store; not disposed by the channel.</summary>
    public IKeyStore? Keys { get; set; }

    /// <summary>
    /// The client's id in <see cref="Keys"/>, 1 to 255 bytes; not needed for a <see cref="KeyFile"/>, which holds one.
    /// </summary>
    public ClientId? ClientId { get; set; }

    /// <summary>
    /// Whether <see cref="SecureChannel.ConnectAsync(Stream, SecureChannelClientOptions, CancellationToken)"/> returns
    /// one round trip earlier, so that data travels with the client's last proof. Off by default, for a price: until
    /// this proof, a later one or a hello made after it has reached the server, the server's store can still open that
    /// data. Protocol 1 only.
    /// </summary>
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
