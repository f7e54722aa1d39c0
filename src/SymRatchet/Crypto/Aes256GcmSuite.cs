using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// Suite 2: AES-256-GCM of the platform with the HKDF step. <see cref="AesGcm"/> takes its key in its constructor, so
/// each record creates one, which allocates and dominates the time of a short record.
/// </summary>
internal sealed class Aes256GcmSuite()
    : CipherSuite(CipherSuiteId.Aes256Gcm, nonceSize: 12, tagSize: 16, AesGcm.IsSupported)
{
    private const int MaxLabelSize = 32;

    internal override void Step(
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> chainKey,
        ReadOnlySpan<byte> previousTag,
        Span<byte> nextChainAndMessageKey
    )
    {
        Span<byte> info = stackalloc byte[MaxLabelSize + MaxTagSize];
        label.CopyTo(info);
        previousTag.CopyTo(info[label.Length..]);
        Hkdf.Expand(
            chainKey[..KeySize],
            info[..(label.Length + previousTag.Length)],
            nextChainAndMessageKey[..StepSize]
        );
    }

    private protected override void SealCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    )
    {
        using AesGcm aes = new(key, TagSize);
        aes.Encrypt(nonce, plaintext, body[..plaintext.Length], body[plaintext.Length..], associatedData);
    }

    private protected override bool OpenCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    )
    {
        using AesGcm aes = new(key, TagSize);
        try
        {
            aes.Decrypt(nonce, body[..plaintext.Length], body[plaintext.Length..], plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
