using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SymRatchet.Primitives;

/// <summary>Suite 1: AEGIS-256 (draft-irtf-cfrg-aegis-aead), whose ciphertext of zeros is also the step function.</summary>
internal sealed class Aegis256Suite : CipherSuite
{
    private const int Nonce = 32;
    private const int Tag = 32;

    private static readonly byte[] StepNonce = [.. Labels.Step, .. new byte[Nonce - Labels.Step.Length]];

    internal override CipherSuiteId Id => CipherSuiteId.Aegis256;

    internal override int TagSize => Tag;

    internal override int NonceSize => Nonce;

    // Read when the suite is made, so that the library is initialised before its first call, whoever makes it.
    internal override bool IsSupported { get; } = Sodium.IsAvailable;

    [SkipLocalsInit]
    internal override void Seal(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body)
    {
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteWideNonce(nonce, round);
        Sodium.Aegis256Seal(key[..KeySize], nonce, associatedData, plaintext, body[..(plaintext.Length + Tag)]);
    }

    [SkipLocalsInit]
    internal override bool Open(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext)
    {
        if (body.Length < Tag)
            return Opened(false, plaintext);
        Span<byte> nonce = stackalloc byte[Nonce];
        WriteWideNonce(nonce, round);
        return Opened(Sodium.Aegis256Open(key[..KeySize], nonce, associatedData, body, plaintext[..(body.Length - Tag)]), plaintext);
    }

    [SkipLocalsInit]
    internal override void Step(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey)
    {
        Span<byte> zeros = nextChainAndMessageKey[..StepSize];
        zeros.Clear();
        Sodium.Aegis256EncryptShort(chainKey[..KeySize], StepNonce, previousTag, zeros);
    }

    // The cipher reads the nonce's second half as one, so it is written as one: after a write in two pieces the processor has to wait
    // for both to reach its cache, which costs a tenth of a short record.
    private static void WriteWideNonce(Span<byte> nonce, ulong round)
    {
        ulong bigEndian = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(round) : round;
        Vector128<byte>.Zero.CopyTo(nonce);
        Vector128.Create(0UL, bigEndian).AsByte().CopyTo(nonce[Vector128<byte>.Count..]);
    }
}
