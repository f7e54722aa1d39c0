namespace SymRatchet.Crypto;

/// <summary>
/// Suite 1: AEGIS-256 (draft-irtf-cfrg-aegis-aead). Its step function is the encryption of zeros (docs/protocol.md,
/// 6.1).
/// </summary>
internal sealed class Aegis256Suite() : CipherSuite(CipherSuiteId.Aegis256, NonceBytes, tagSize: 32, Sodium.IsAvailable)
{
    private const int NonceBytes = 32;

    /// <summary>Encrypts zeros under the chain key; the nonce is the label, padded with zeros.</summary>
    internal override void Step(
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> chainKey,
        ReadOnlySpan<byte> previousTag,
        Span<byte> nextChainAndMessageKey
    )
    {
        Span<byte> nonce = stackalloc byte[NonceBytes];
        label.CopyTo(nonce);
        Span<byte> zeros = nextChainAndMessageKey[..StepSize];
        zeros.Clear();
        Sodium.Aegis256EncryptShort(chainKey[..KeySize], nonce, previousTag, zeros);
    }

    private protected override void SealCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    ) => Sodium.Aegis256Seal(key, nonce, associatedData, plaintext, body);

    private protected override bool OpenCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    ) => Sodium.Aegis256Open(key, nonce, associatedData, body, plaintext);
}
