using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Session;

/// <summary>
/// The key with which a hello of an unknown id is verified: derived from a secret of this process and the id, so it is
/// the same at every attempt, and the check fails as with a wrong key.
/// </summary>
internal static class DecoyKey
{
    internal const int Size = SHA256.HashSizeInBytes;

    private static readonly SecretBytes Secret = CreateSecret();

    internal static void Derive(ReadOnlySpan<byte> id, Span<byte> key) => Hmac.Compute(Secret.Span, id, key);

    private static SecretBytes CreateSecret()
    {
        SecretBytes secret = new(Size);
        RandomNumberGenerator.Fill(secret.Span);
        return secret;
    }
}
