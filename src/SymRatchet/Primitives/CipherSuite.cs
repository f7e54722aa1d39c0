using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace SymRatchet.Primitives;

/// <summary>
/// One cipher suite of protocol 1: an AEAD and the step function of its ratchet. A key seals one record, so the nonce is only the
/// record's round. Stateless and thread-safe; sizes in bytes.
/// </summary>
internal abstract class CipherSuite
{
    internal const int KeySize = 32;
    internal const int MaxTagSize = 32;
    internal const int StepSize = 64;

    internal static IReadOnlyList<CipherSuite> All { get; } = [new Aegis256Suite(), new Aes256GcmSuite(), new ChaCha20Poly1305Suite()];

    internal abstract CipherSuiteId Id { get; }

    internal abstract int TagSize { get; }

    internal abstract int NonceSize { get; }

    /// <summary>Whether this machine has the primitive.</summary>
    internal abstract bool IsSupported { get; }

    internal static CipherSuite Get(CipherSuiteId id) => All.First(suite => suite.Id == id);

    /// <summary>Seals: writes ciphertext and tag. The plaintext may lie exactly where the ciphertext goes.</summary>
    internal abstract void Seal(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> plaintext, Span<byte> body);

    /// <summary>Opens ciphertext and tag, or clears the plaintext and says false. The plaintext may lie exactly where the ciphertext is.</summary>
    internal abstract bool Open(ReadOnlySpan<byte> key, ulong round, ReadOnlySpan<byte> associatedData, ReadOnlySpan<byte> body, Span<byte> plaintext);

    /// <summary>The ratchet step: from a chain key and the tag of the record before, the next chain key and this record's key.</summary>
    internal abstract void Step(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey);

    /// <summary>The step of the suites whose AEAD is no PRF of its own: <c>HKDF-Expand(C, "symratchet/1 step" || tag, 64)</c>.</summary>
    private protected static void HkdfStep(ReadOnlySpan<byte> chainKey, ReadOnlySpan<byte> previousTag, Span<byte> nextChainAndMessageKey)
    {
        Span<byte> info = stackalloc byte[Labels.Step.Length + MaxTagSize];
        Labels.Step.CopyTo(info);
        previousTag.CopyTo(info[Labels.Step.Length..]);
        Hkdf.ExpandInfo(chainKey, info[..(Labels.Step.Length + previousTag.Length)], nextChainAndMessageKey[..StepSize]);
    }

    /// <summary>The round, left-padded with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static void WriteNonce(Span<byte> nonce, ulong round)
    {
        nonce.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(nonce[^sizeof(ulong)..], round);
    }

    private protected static bool Opened(bool verified, Span<byte> plaintext)
    {
        if (!verified)
            CryptographicOperations.ZeroMemory(plaintext);
        return verified;
    }
}
