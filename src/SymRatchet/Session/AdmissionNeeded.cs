namespace SymRatchet.Session;

/// <summary>
/// Waits for the limits on pending handshakes, which count against an id only here, after its mac verified: nobody without the
/// identity's key can use them up.
/// </summary>
internal abstract class AdmissionNeeded(ReadOnlyMemory<byte> id, ReadOnlyMemory<byte> nonce, bool isBehind) : HandshakeState
{
    internal ReadOnlyMemory<byte> Id { get; } = id;

    /// <summary>The hello's nonce; a replayed hello has the same.</summary>
    internal ReadOnlyMemory<byte> Nonce { get; } = nonce;

    /// <summary>Whether the hello's epoch is below the store's, as that of every replayed hello of an older session is.</summary>
    internal bool IsBehind { get; } = isBehind;

    internal abstract HandshakeState Admitted();
}
