namespace SymRatchet.Crypto;

/// <summary>Suite 3: ChaCha20-Poly1305 (RFC 8439) with the HKDF step.</summary>
internal sealed class ChaCha20Poly1305Suite()
    : CipherSuite(CipherSuiteId.ChaCha20Poly1305, nonceSize: 12, tagSize: 16, Sodium.IsAvailable)
{
    private protected override void SealCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    ) => Sodium.ChaChaSeal(key, nonce, associatedData, plaintext, body);

    private protected override bool OpenCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    ) => Sodium.ChaChaOpen(key, nonce, associatedData, body, plaintext);
}
