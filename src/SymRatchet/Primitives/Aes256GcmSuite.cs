using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace SymRatchet.Primitives;

/// <summary>
/// Suite 2: AES-256-GCM of the platform with the HKDF step. The platform's object takes its key when it is made, so each record makes
/// one: that is what this suite allocates, 32 bytes, and it takes more time than a short record does.
/// </summary>
internal sealed class Aes256GcmSuite : CipherSuite
{
    private const int Nonce = 12;
    private const int Tag = 16;

    internal override CipherSuiteId Id => CipherSuiteId.Aes256Gcm;

    internal override int TagSize => Tag;

    internal override int NonceSize => Nonce;

    internal override bool IsSupported => AesGcm.IsSupported;

    [SkipLocalsInit]
    internal override void Seal(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body)
    {
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteNonce(nonce, round);
        using AesGcm aes = new(key[..KeySize], Tag);
        aes.Encrypt(nonce, plaintext, body[..plaintext.Length], body.Slice(plaintext.Length, Tag), associatedData);
    }

    [SkipLocalsInit]
    internal override bool Open(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        if (body.Length < Tag)
            return Opened(false, plaintext);
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteNonce(nonce, round);
        using AesGcm aes = new(key[..KeySize], Tag);
        try
        {
            aes.Decrypt(nonce, body[..^Tag], body[^Tag..], plaintext[..(body.Length - Tag)], associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return Opened(false, plaintext);
        }
    }

    internal override void Step(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey) =>
        HkdfStep(chainKey, previousTag, nextChainAndMessageKey);
}
