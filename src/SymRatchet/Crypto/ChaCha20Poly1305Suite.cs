using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// Suite 3: ChaCha20-Poly1305 (RFC 8439), whose keystream is also the step function: what a processor without AES does
/// fastest. A small record is libsodium's, which needs no object; a large one is the platform's, whose cipher is
/// several times as fast once its object is made (that is all this suite allocates).
/// </summary>
internal sealed class ChaCha20Poly1305Suite()
    : CipherSuite(CipherSuiteId.ChaCha20Poly1305, nonceSize: 12, tagSize: 16, Sodium.IsAvailable)
{
    /// <summary>
    /// Plaintexts of this size and above, in bytes, are the platform's: docs/performance.md has the sizes.
    /// </summary>
    internal const int PlatformFrom = 4096;

    /// <summary>
    /// The first block of the keystream under the label's first 12 bytes, which are the protocol's name. The tag is not
    /// in it.
    /// </summary>
    internal override void Step(
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> chainKey,
        ReadOnlySpan<byte> previousTag,
        Span<byte> nextChainAndMessageKey
    ) => Sodium.ChaCha20Block(chainKey[..KeySize], label[..NonceSize], nextChainAndMessageKey[..StepSize]);

    private protected override void SealCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    )
    {
        if (!IsForPlatform(plaintext.Length))
        {
            Sodium.ChaChaSeal(key, nonce, associatedData, plaintext, body);
            return;
        }

        using ChaCha20Poly1305 cipher = new(key);
        cipher.Encrypt(nonce, plaintext, body[..plaintext.Length], body[plaintext.Length..], associatedData);
    }

    private protected override bool OpenCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    )
    {
        if (!IsForPlatform(plaintext.Length))
            return Sodium.ChaChaOpen(key, nonce, associatedData, body, plaintext);

        using ChaCha20Poly1305 cipher = new(key);
        try
        {
            cipher.Decrypt(nonce, body[..plaintext.Length], body[plaintext.Length..], plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static bool IsForPlatform(int size) => size >= PlatformFrom && ChaCha20Poly1305.IsSupported;
}
