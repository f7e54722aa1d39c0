using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// HKDF with SHA-256 (RFC 5869): libsodium's, which avoids the object lookups of OpenSSL 3 for each call, and the
/// platform's if libsodium is not available.
/// </summary>
internal static class Hkdf
{
    internal static void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret, Span<byte> extracted) =>
        HKDF.Extract(HashAlgorithmName.SHA256, secret, salt, extracted);

    /// <summary><c>HKDF-Expand(key, info, length of derived)</c>. The result may overwrite the key.</summary>
    internal static void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> info, Span<byte> derived)
    {
        if (Sodium.IsAvailable)
            Sodium.HkdfExpand(key, info, derived);
        else
            HKDF.Expand(HashAlgorithmName.SHA256, key, derived, info);
    }
}
