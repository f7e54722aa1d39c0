using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The MACs of the handshake that precede the session secret, under keys derived from the identity key or the root key
/// (docs/protocol.md, 5.1 and 5.2).
/// </summary>
internal static class HandshakeMacs
{
    internal const int Size = 32;

    /// <summary>Computes the proof (under the root key) or the MAC (under the identity key) of a hello.</summary>
    internal static void Hello(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac) =>
        Compute(key, Labels.Hello, message, mac);

    /// <summary>
    /// Computes <c>mac_id</c> of a challenge, over the hello and the part of the challenge before it.
    /// </summary>
    internal static void Challenge(ReadOnlySpan<byte> identityKey, ReadOnlySpan<byte> transcript, Span<byte> mac) =>
        Compute(identityKey, Labels.Challenge, transcript, mac);

    internal static bool VerifyHello(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> mac)
    {
        Span<byte> expected = stackalloc byte[Size];
        Hello(key, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    internal static bool VerifyChallenge(
        ReadOnlySpan<byte> identityKey,
        ReadOnlySpan<byte> transcript,
        ReadOnlySpan<byte> mac
    )
    {
        Span<byte> expected = stackalloc byte[Size];
        Challenge(identityKey, transcript, expected);
        return CryptographicOperations.FixedTimeEquals(expected, mac);
    }

    private static void Compute(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> label,
        ReadOnlySpan<byte> message,
        Span<byte> mac
    )
    {
        Span<byte> macKey = stackalloc byte[Size];
        try
        {
            Hkdf.Expand(key, label, macKey);
            Hmac.Compute(macKey, message, mac);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(macKey);
        }
    }
}
