using System.Security.Cryptography;

namespace SymRatchet.Primitives;

/// <summary>
/// HKDF with SHA-256 (RFC 5869) of the platform, with the labels of protocol 1. Over OpenSSL 3 it is one native call without allocation:
/// 64 bytes take 1.4 us where two HMACs take 2.4, and 32 bytes as long as one HMAC. On other systems .NET 10 makes a hash object for each call.
/// </summary>
internal static class Hkdf
{
    private const int MaxLabel = 64;

    internal static void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret, Span<byte> extracted) =>
        HKDF.Extract(HashAlgorithmName.SHA256, secret, salt, extracted);

    /// <summary><c>HKDF-Expand(key, "symratchet/1 " || label, 32)</c>. The result may lie where the key is.</summary>
    internal static void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, Span<byte> derived)
    {
        Span<byte> info = stackalloc byte[MaxLabel];
        Labels.Prefix.CopyTo(info);
        label.CopyTo(info[Labels.Prefix.Length..]);
        ExpandInfo(key, info[..(Labels.Prefix.Length + label.Length)], derived[..SHA256.HashSizeInBytes]);
    }

    /// <summary><c>HKDF-Expand(key, info, length of derived)</c>.</summary>
    internal static void ExpandInfo(ReadOnlySpan<byte> key, ReadOnlySpan<byte> info, Span<byte> derived) =>
        HKDF.Expand(HashAlgorithmName.SHA256, key, derived, info);
}
