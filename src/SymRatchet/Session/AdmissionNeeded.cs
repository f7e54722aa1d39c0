namespace SymRatchet.Session;

/// <summary>
/// Waits for the limits on pending handshakes, which count against an id only here, after its mac verified: nobody
/// without a hello of the identity, made or recorded, can use them up.
/// </summary>
internal abstract class AdmissionNeeded(ClientId id) : HandshakeState
{
    internal ClientId Id { get; } = id;

    internal abstract HandshakeState Admitted();
}
