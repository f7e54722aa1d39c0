namespace SymRatchet;

/// <summary>What a client needs to connect: who it is, and its key.</summary>
public sealed class SecureChannelClientOptions : SecureChannelOptions
{
    /// <summary>Makes options with defaults.</summary>
    public SecureChannelClientOptions()
    {
    }

    private SecureChannelClientOptions(SecureChannelClientOptions other)
        : base(other) => Key = other.Key;

    /// <summary>The client's key, which carries its id. Required.</summary>
    public PreSharedKey? Key { get; set; }

    internal SecureChannelClientOptions Validated()
    {
        ValidateCommon();
        if (Key is null)
            throw new ArgumentException($"{nameof(SecureChannelClientOptions)}.{nameof(Key)} is not set; a client needs its key.");
        if (Key.Protocol != Protocol)
            throw new ArgumentException($"The key serves protocol {Key.Protocol}, but the options ask for {Protocol}.");
        return new SecureChannelClientOptions(this);
    }
}
