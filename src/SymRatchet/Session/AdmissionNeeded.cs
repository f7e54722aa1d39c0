namespace SymRatchet.Session;

/// <summary>
/// Waits for the limits on pending handshakes. A handshake counts for an id only here, after its MAC has verified, so
/// that nobody without a genuine or recorded hello of the identity can exhaust its limit.
/// </summary>
internal abstract class AdmissionNeeded(ClientId id) : HandshakeState
{
    internal ClientId Id { get; } = id;

    internal abstract HandshakeState Admitted();
}
