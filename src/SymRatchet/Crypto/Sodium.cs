using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

// The folder of the program, where the package puts the library, or the system's folders; never the working directory.
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]

namespace SymRatchet.Crypto;

/// <summary>
/// libsodium, from the NuGet package of that name; the system's own may be too old for AEGIS. Spans are passed as
/// pointers, without copies or handles. AEGIS-256 is imported twice: with <see cref="SuppressGCTransitionAttribute"/>
/// for short texts, where the transition is measurable, and without it for long ones, which must not delay the garbage
/// collector. ChaCha20-Poly1305 gains nothing from it.
/// </summary>
internal static unsafe partial class Sodium
{
    private const string Library = "libsodium";

    /// <summary>
    /// The longest text, in bytes, that is sealed without a GC transition: a fraction of a microsecond with the
    /// processor's AES.
    /// </summary>
    private const int SmallCall = 1024;

    /// <summary>
    /// Whether the library with AEGIS-256 is available. Reading this initialises the library, and every suite reads it
    /// in its constructor: without <c>sodium_init</c> AEGIS-256 works, but without the processor's AES.
    /// </summary>
    internal static bool IsAvailable { get; } = !IsPlatformOnly && Probe(Library);

    /// <summary>Whether only the platform's cryptography may be used; suite 2 is then the only suite.</summary>
    private static bool IsPlatformOnly =>
        AppContext.TryGetSwitch("SymRatchet.PlatformCryptographyOnly", out bool isOn) && isOn;

    internal static bool Probe(string library)
    {
        if (!NativeLibrary.TryLoad(library, typeof(Sodium).Assembly, searchPath: null, out nint handle))
            return false;
        if (
            !NativeLibrary.TryGetExport(handle, "crypto_aead_aegis256_encrypt", out _)
            || !NativeLibrary.TryGetExport(handle, "sodium_init", out nint init)
        )
            return false;

        // 0 on success, 1 if already initialised, -1 on failure.
        return ((delegate* unmanaged[Cdecl]<int>)init)() >= 0;
    }

    [SkipLocalsInit]
    internal static void Aegis256Seal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ad,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    )
    {
        fixed (
            byte* k = key,
                n = nonce,
                a = ad,
                m = plaintext,
                c = body
        )
        {
            int status =
                plaintext.Length <= SmallCall
                    ? Aegis256EncryptQuick(c, null, m, (ulong)plaintext.Length, a, (ulong)ad.Length, null, n, k)
                    : Aegis256Encrypt(c, null, m, (ulong)plaintext.Length, a, (ulong)ad.Length, null, n, k);
            if (status != 0)
                throw new CryptographicException("libsodium could not seal.");
        }
    }

    /// <summary>Encrypts a short text in place and discards the tag.</summary>
    [SkipLocalsInit]
    internal static void Aegis256EncryptShort(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ad,
        Span<byte> text
    )
    {
        byte* tag = stackalloc byte[32];
        fixed (
            byte* k = key,
                n = nonce,
                a = ad,
                m = text
        )
        {
            if (Aegis256EncryptDetachedQuick(m, tag, null, m, (ulong)text.Length, a, (ulong)ad.Length, null, n, k) != 0)
                throw new CryptographicException("libsodium could not encrypt.");
        }
    }

    [SkipLocalsInit]
    internal static bool Aegis256Open(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ad,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    )
    {
        fixed (
            byte* k = key,
                n = nonce,
                a = ad,
                m = plaintext,
                c = body
        )
        {
            return body.Length <= SmallCall
                ? Aegis256DecryptQuick(m, null, null, c, (ulong)body.Length, a, (ulong)ad.Length, n, k) == 0
                : Aegis256Decrypt(m, null, null, c, (ulong)body.Length, a, (ulong)ad.Length, n, k) == 0;
        }
    }

    [SkipLocalsInit]
    internal static void ChaChaSeal(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ad,
        ReadOnlySpan<byte> plaintext,
        Span<byte> body
    )
    {
        fixed (
            byte* k = key,
                n = nonce,
                a = ad,
                m = plaintext,
                c = body
        )
        {
            if (ChaChaEncrypt(c, null, m, (ulong)plaintext.Length, a, (ulong)ad.Length, null, n, k) != 0)
                throw new CryptographicException("libsodium could not seal.");
        }
    }

    [SkipLocalsInit]
    internal static bool ChaChaOpen(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ad,
        ReadOnlySpan<byte> body,
        Span<byte> plaintext
    )
    {
        fixed (
            byte* k = key,
                n = nonce,
                a = ad,
                m = plaintext,
                c = body
        )
            return ChaChaDecrypt(m, null, null, c, (ulong)body.Length, a, (ulong)ad.Length, n, k) == 0;
    }

    /// <summary>The first block of the keystream: 64 bytes under a key of 32 and a nonce of 12.</summary>
    [SkipLocalsInit]
    internal static void ChaCha20Block(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, Span<byte> block)
    {
        fixed (
            byte* k = key,
                n = nonce,
                c = block
        )
        {
            if (ChaCha20Quick(c, (ulong)block.Length, n, k) != 0)
                throw new CryptographicException("libsodium could not encrypt.");
        }
    }

    /// <summary>HMAC-SHA-256 under a key of 32 bytes.</summary>
    [SkipLocalsInit]
    internal static void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, SHA256.HashSizeInBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(mac.Length, SHA256.HashSizeInBytes);
        fixed (
            byte* k = key,
                m = message,
                o = mac
        )
        {
            if (HmacSha256(o, m, (ulong)message.Length, k) != 0)
                throw new CryptographicException("libsodium could not compute a MAC.");
        }
    }

    /// <summary>HKDF-Expand with SHA-256 of a key of 32 bytes. The result may overwrite the key.</summary>
    [SkipLocalsInit]
    internal static void HkdfExpand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> info, Span<byte> derived)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, SHA256.HashSizeInBytes);
        Span<byte> result = stackalloc byte[derived.Length];
        fixed (
            byte* k = key,
                i = info,
                o = result
        )
        {
            if (HkdfSha256Expand(o, (nuint)result.Length, i, (nuint)info.Length, k) != 0)
                throw new CryptographicException("libsodium could not derive a key.");
        }

        result.CopyTo(derived);
        CryptographicOperations.ZeroMemory(result);
    }

    [LibraryImport(Library, EntryPoint = "crypto_auth_hmacsha256")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int HmacSha256(byte* o, byte* m, ulong mlen, byte* k);

    [LibraryImport(Library, EntryPoint = "crypto_kdf_hkdf_sha256_expand")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int HkdfSha256Expand(byte* o, nuint olen, byte* info, nuint infolen, byte* prk);

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_encrypt")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int Aegis256Encrypt(
        byte* c,
        ulong* clen,
        byte* m,
        ulong mlen,
        byte* ad,
        ulong adlen,
        byte* nsec,
        byte* npub,
        byte* k
    );

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_encrypt")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl), typeof(CallConvSuppressGCTransition)])]
    private static partial int Aegis256EncryptQuick(
        byte* c,
        ulong* clen,
        byte* m,
        ulong mlen,
        byte* ad,
        ulong adlen,
        byte* nsec,
        byte* npub,
        byte* k
    );

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_encrypt_detached")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl), typeof(CallConvSuppressGCTransition)])]
    private static partial int Aegis256EncryptDetachedQuick(
        byte* c,
        byte* mac,
        ulong* maclen,
        byte* m,
        ulong mlen,
        byte* ad,
        ulong adlen,
        byte* nsec,
        byte* npub,
        byte* k
    );

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_decrypt")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int Aegis256Decrypt(
        byte* m,
        ulong* mlen,
        byte* nsec,
        byte* c,
        ulong clen,
        byte* ad,
        ulong adlen,
        byte* npub,
        byte* k
    );

    [LibraryImport(Library, EntryPoint = "crypto_aead_aegis256_decrypt")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl), typeof(CallConvSuppressGCTransition)])]
    private static partial int Aegis256DecryptQuick(
        byte* m,
        ulong* mlen,
        byte* nsec,
        byte* c,
        ulong clen,
        byte* ad,
        ulong adlen,
        byte* npub,
        byte* k
    );

    [LibraryImport(Library, EntryPoint = "crypto_stream_chacha20_ietf")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl), typeof(CallConvSuppressGCTransition)])]
    private static partial int ChaCha20Quick(byte* c, ulong clen, byte* n, byte* k);

    [LibraryImport(Library, EntryPoint = "crypto_aead_chacha20poly1305_ietf_encrypt")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int ChaChaEncrypt(
        byte* c,
        ulong* clen,
        byte* m,
        ulong mlen,
        byte* ad,
        ulong adlen,
        byte* nsec,
        byte* npub,
        byte* k
    );

    [LibraryImport(Library, EntryPoint = "crypto_aead_chacha20poly1305_ietf_decrypt")]
    [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
    private static partial int ChaChaDecrypt(
        byte* m,
        ulong* mlen,
        byte* nsec,
        byte* c,
        ulong clen,
        byte* ad,
        ulong adlen,
        byte* npub,
        byte* k
    );
}
