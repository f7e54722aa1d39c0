using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace SymRatchet.Primitives;

/// <summary>Suite 1: AEGIS-256 (draft-irtf-cfrg-aegis-aead), whose ciphertext of zeros is also the step function.</summary>
internal sealed class Aegis256Suite : CipherSuite
{
    private const int Nonce = 32;
    private const int Tag = 32;

    private static readonly byte[] StepNonce = [.. Labels.Step, .. new byte[Nonce - Labels.Step.Length]];
    private static readonly byte[] Zeros = new byte[StepSize];

    internal override CipherSuiteId Id => CipherSuiteId.Aegis256;

    internal override int TagSize => Tag;

    internal override int NonceSize => Nonce;

    internal override bool IsSupported => Sodium.IsAvailable;

    [SkipLocalsInit]
    internal override void Seal(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body)
    {
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteNonce(nonce, round);
        Sodium.Aegis256Seal(key[..KeySize], nonce, associatedData, plaintext, body[..(plaintext.Length + Tag)]);
    }

    [SkipLocalsInit]
    internal override bool Open(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        if (body.Length < Tag)
            return Opened(false, plaintext);
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteNonce(nonce, round);
        return Opened(Sodium.Aegis256Open(key[..KeySize], nonce, associatedData, body, plaintext[..(body.Length - Tag)]), plaintext);
    }

    [SkipLocalsInit]
    internal override void Step(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey)
    {
        Span<byte> body = stackalloc byte[StepSize + Tag];
        Sodium.Aegis256Seal(chainKey[..KeySize], StepNonce, previousTag, Zeros, body);
        body[..StepSize].CopyTo(nextChainAndMessageKey);
        CryptographicOperations.ZeroMemory(body);
    }
}
