using System.Security.Cryptography;

namespace SymRatchet.Primitives;

/// <summary>HKDF with SHA-256 (RFC 5869), with the labels of protocol 1. Nothing here allocates.</summary>
internal static class Hkdf
{
    private const int HashSize = SHA256.HashSizeInBytes;
    private const int MaxInfo = 128;

    internal static void Extract(ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret, Span<byte> extracted) =>
        HKDF.Extract(HashAlgorithmName.SHA256, secret, salt, extracted);

    /// <summary><c>HKDF-Expand(key, "symratchet/1 " || label, 32)</c>. The result may lie where the key is.</summary>
    internal static void Expand(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, Span<byte> derived)
    {
        Span<byte> info = stackalloc byte[MaxInfo];
        Labels.Prefix.CopyTo(info);
        label.CopyTo(info[Labels.Prefix.Length..]);
        ExpandInfo(key, info[..(Labels.Prefix.Length + label.Length)], derived[..HashSize]);
    }

    /// <summary>
    /// <c>HKDF-Expand(key, info, 32 or 64)</c>: one or two MACs. The platform's HKDF does the same at 1.5 times the cost for one block.
    /// </summary>
    internal static void ExpandInfo(ReadOnlySpan<byte> key, ReadOnlySpan<byte> info, Span<byte> derived)
    {
        // T(1) = HMAC(key, info || 1), T(2) = HMAC(key, T(1) || info || 2)
        Span<byte> block = stackalloc byte[HashSize + MaxInfo + 1];
        Span<byte> first = stackalloc byte[HashSize];
        try
        {
            info.CopyTo(block[HashSize..]);
            block[HashSize + info.Length] = 1;
            HMACSHA256.HashData(key, block.Slice(HashSize, info.Length + 1), first);
            if (derived.Length > HashSize)
            {
                first.CopyTo(block);
                block[HashSize + info.Length] = 2;
                HMACSHA256.HashData(key, block[..(HashSize + info.Length + 1)], derived[HashSize..]);
            }

            first.CopyTo(derived);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(first);
            CryptographicOperations.ZeroMemory(block);
        }
    }
}
