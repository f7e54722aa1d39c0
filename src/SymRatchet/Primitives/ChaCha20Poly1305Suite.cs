using System.Runtime.CompilerServices;

namespace SymRatchet.Primitives;

/// <summary>Suite 3: ChaCha20-Poly1305 (RFC 8439) with the HKDF step.</summary>
internal sealed class ChaCha20Poly1305Suite : CipherSuite
{
    private const int Nonce = 12;
    private const int Tag = 16;

    internal override CipherSuiteId Id => CipherSuiteId.ChaCha20Poly1305;

    internal override int TagSize => Tag;

    internal override int NonceSize => Nonce;

    // Read when the suite is made, so that the library is initialised before its first call, whoever makes it.
    internal override bool IsSupported { get; } = Sodium.IsAvailable;

    [SkipLocalsInit]
    internal override void Seal(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body)
    {
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteNonce(nonce, round);
        Sodium.ChaChaSeal(key[..KeySize], nonce, associatedData, plaintext, body[..(plaintext.Length + Tag)]);
    }

    [SkipLocalsInit]
    internal override bool Open(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        if (body.Length < Tag)
            return Opened(false, plaintext);
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteNonce(nonce, round);
        return Opened(Sodium.ChaChaOpen(key[..KeySize], nonce, associatedData, body, plaintext[..(body.Length - Tag)]), plaintext);
    }

    internal override void Step(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey) =>
        HkdfStep(chainKey, previousTag, nextChainAndMessageKey);
}
