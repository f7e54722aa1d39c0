namespace SymRatchet.Primitives;

/// <summary>Suite 1: AEGIS-256 (draft-irtf-cfrg-aegis-aead), whose ciphertext of zeros is also the step function.</summary>
internal sealed class Aegis256Suite() : CipherSuite(CipherSuiteId.Aegis256, nonceSize: 32, tagSize: 32, Sodium.IsAvailable)
{
    internal override void Step(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey)
    {
        Span<byte> zeros = nextChainAndMessageKey[..StepSize];
        zeros.Clear();
        Sodium.Aegis256EncryptShort(chainKey[..KeySize], Labels.StepNonce, previousTag, zeros);
    }

    private protected override void SealCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body) =>
        Sodium.Aegis256Seal(key, nonce, associatedData, plaintext, body);

    private protected override bool OpenCore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext) =>
        Sodium.Aegis256Open(key, nonce, associatedData, body, plaintext);
}
