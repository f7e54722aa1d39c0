using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Session;

/// <summary>
/// The key that an unknown id is checked against: made of a secret of this process and the id, so it is nobody's, the
/// same at every try, and fails at the same check and in the same way as a wrong key.
/// </summary>
internal static class DecoyKey
{
    internal const int Size = SHA256.HashSizeInBytes;

    private static readonly SecretBytes Secret = MakeSecret();

    internal static void Derive(ReadOnlySpan<byte> id, Span<byte> key) => Hmac.Compute(Secret.Span, id, key);

    private static SecretBytes MakeSecret()
    {
        SecretBytes secret = new(Size);
        RandomNumberGenerator.Fill(secret.Span);
        return secret;
    }
}
