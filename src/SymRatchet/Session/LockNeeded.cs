namespace SymRatchet.Session;

/// <summary>
/// Waits for its turn among the handshakes of one id: what comes next walks many epochs and costs a core meanwhile.
/// </summary>
internal abstract class LockNeeded(ClientId id) : HandshakeState
{
    internal ClientId Id { get; } = id;

    /// <summary>Does the work; the turn ends when it returns.</summary>
    internal abstract HandshakeState Taken();
}
