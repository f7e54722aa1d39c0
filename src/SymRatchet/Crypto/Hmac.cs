using System.Security.Cryptography;

namespace SymRatchet.Crypto;

/// <summary>
/// HMAC with SHA-256 (RFC 2104) under a key of 32 bytes; libsodium's if it is available, see <see cref="Hkdf"/>.
/// </summary>
internal static class Hmac
{
    internal static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac)
    {
        if (Sodium.IsAvailable)
            Sodium.Hmac(key, message, mac);
        else
            HMACSHA256.HashData(key, message, mac);
    }
}
