namespace SymRatchet.Session;

/// <summary>
/// Waits for the lock of an id, because the next step derives the keys of many epochs and occupies a core meanwhile.
/// </summary>
internal abstract class LockNeeded(ClientId id) : HandshakeState
{
    internal ClientId Id { get; } = id;

    /// <summary>Does the work; the lock is released when it returns.</summary>
    internal abstract HandshakeState LockAcquired();
}
