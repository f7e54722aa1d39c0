namespace SymRatchet.Session;

/// <summary>Waits for what the store says of one id.</summary>
internal abstract class KeyNeeded(ClientId id) : HandshakeState
{
    internal ClientId Id { get; } = id;

    /// <summary>
    /// Steps on with the store's answer, null for an unknown id. The key stays the caller's and is not kept.
    /// </summary>
    internal abstract HandshakeState Found(StoredKey? key);
}
