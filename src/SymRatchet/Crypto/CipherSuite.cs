using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// A cipher suite: an AEAD and the step function of the ratchet (docs/protocol.md, 2.1 and 6.1). Every key seals one
/// record, so the nonce is the record's round. Stateless and thread-safe. Sizes are in bytes.
/// </summary>
internal abstract class CipherSuite
{
    internal const int KeySize = 32;
    internal const int MaxTagSize = 32;

    /// <summary>The output of <see cref="Step"/>: the next chain key and a message key.</summary>
    internal const int StepSize = 2 * KeySize;

    private const int MaxNonceSize = 32;

    private protected CipherSuite(CipherSuiteId id, int nonceSize, int tagSize, bool isSupported)
    {
        Id = id;
        NonceSize = nonceSize;
        TagSize = tagSize;
        IsSupported = isSupported;
    }

    // Add a new suite to the default of SecureChannelOptions.Suites too.
    private static readonly CipherSuite[] Suites =
    [
        new Aegis256Suite(),
        new Aes256GcmSuite(),
        new ChaCha20Poly1305Suite(),
    ];

    internal static IReadOnlyList<CipherSuite> All => Suites;

    internal CipherSuiteId Id { get; }

    internal int TagSize { get; }

    internal int NonceSize { get; }

    /// <summary>Whether this machine supports the primitive.</summary>
    internal bool IsSupported { get; }

    internal static bool Exists(CipherSuiteId id) => Find(id) is not null;

    internal static CipherSuite Get(CipherSuiteId id) =>
        Find(id) ?? throw new ArgumentOutOfRangeException(nameof(id), id, "It is not a suite of this library.");

    private static CipherSuite? Find(CipherSuiteId id)
    {
        foreach (CipherSuite suite in Suites)
        {
            if (suite.Id == id)
                return suite;
        }

        return null;
    }

    /// <summary>Writes ciphertext and tag. The plaintext may be at the same place as the ciphertext.</summary>
    [SkipLocalsInit]
    internal void Seal(
        ReadOnlySpan<byte> key,
        ulong round,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    )
    {
        Span<byte> nonce = stackalloc byte[MaxNonceSize];
        Seal(key, WriteNonce(nonce, round), associatedData, plaintext, body);
    }

    /// <summary>
    /// Opens ciphertext and tag; on failure clears the plaintext and returns false. The plaintext may be at the same
    /// place as the ciphertext.
    /// </summary>
    [SkipLocalsInit]
    internal bool Open(
        ReadOnlySpan<byte> key,
        ulong round,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    )
    {
        Span<byte> nonce = stackalloc byte[MaxNonceSize];
        return Open(key, WriteNonce(nonce, round), associatedData, body, plaintext);
    }

    /// <summary>Seals under an explicit nonce; outside tests use the overload that takes the round.</summary>
    internal void Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    ) => SealCore(key[..KeySize], nonce[..NonceSize], associatedData, plaintext, body[..(plaintext.Length + TagSize)]);

    /// <summary>Opens under an explicit nonce; outside tests use the overload that takes the round.</summary>
    internal bool Open(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    )
    {
        if (
            body.Length >= TagSize
            && OpenCore(key[..KeySize], nonce[..NonceSize], associatedData, body, plaintext[..(body.Length - TagSize)])
        )
            return true;

        CryptographicOperations.ZeroMemory(plaintext);
        return false;
    }

    /// <summary>
    /// The ratchet step: from a chain key and the tag of the record before, the next chain key and this record's key.
    /// Suites 1 and 3 step with their own cipher, suite 2 with <c>HKDF-Expand(C, label || tag, 64)</c>. The label has
    /// 12 to 32 bytes.
    /// </summary>
    internal abstract void Step(
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> chainKey,
        ReadOnlySpan<byte> previousTag,
        Span<byte> nextChainAndMessageKey
    );

    /// <summary>Seals; the caller has checked all lengths.</summary>
    private protected abstract void SealCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    );

    /// <summary>Opens; the caller has checked all lengths, and clears the plaintext on failure.</summary>
    private protected abstract bool OpenCore(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> associatedData,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    );

    /// <summary>Writes the round as the nonce, left-padded with zeros.</summary>
    private ReadOnlySpan<byte> WriteNonce(Span<byte> buffer, ulong round)
    {
        // AEGIS-256 loads the second half of its nonce at once, so it is stored at once: two smaller stores would
        // defeat the processor's store forwarding, which is measurable on short records.
        ulong bigEndian = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(round) : round;
        Vector128<byte>.Zero.CopyTo(buffer);
        Vector128.Create(0UL, bigEndian).AsByte().CopyTo(buffer[Vector128<byte>.Count..]);
        return buffer[^NonceSize..];
    }
}
