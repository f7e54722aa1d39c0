using System.Security.Cryptography;
using System.Text;

namespace SymRatchet.Samples.Attacks.Wire;

/// <summary>
/// The key schedule of protocol 1 as its specification tells it (sections 2, 3 and 5), for whoever holds a root key.
/// </summary>
internal static class V1Secrets
{
    internal static byte[] NextEpoch(byte[] rootKey) => Expand(rootKey, "next epoch");

    internal static byte[] Expand(byte[] key, string label) =>
        HKDF.Expand(HashAlgorithmName.SHA256, key, 32, Encoding.ASCII.GetBytes("symratchet/1 " + label));

    internal static byte[] Mac(byte[] key, string label, params ReadOnlySpan<byte> message) =>
        HMACSHA256.HashData(Expand(key, label), message);

    /// <summary>The hash of the handshake so far, and the secret of the session that it belongs to.</summary>
    internal static (byte[] Transcript, byte[] Session) SessionOf(
        byte[] rootKey,
        ReadOnlySpan<byte> hello,
        ReadOnlySpan<byte> challenge
    )
    {
        byte[] transcript = SHA256.HashData([.. hello, .. challenge[..^32]]);
        return (
            transcript,
            HKDF.Expand(HashAlgorithmName.SHA256, rootKey, 32, [.. "symratchet/1 session"u8, .. transcript])
        );
    }
}
