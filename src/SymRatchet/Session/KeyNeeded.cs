namespace SymRatchet.Session;

/// <summary>Waits for the key of an id from the store.</summary>
internal abstract class KeyNeeded(ClientId id) : HandshakeState
{
    internal ClientId Id { get; } = id;

    /// <summary>
    /// Continues with the store's answer, null for an unknown id. The caller keeps ownership of the key.
    /// </summary>
    internal abstract HandshakeState Found(StoredKey? key);
}
