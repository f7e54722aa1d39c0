using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// The first stage of the key schedule: what the identity key and the root key sign before there is a session secret.
/// </summary>
internal static class HandshakeMacs
{
    internal const int Size = 32;

    /// <summary>The proof of a root key and the mac of an identity key over a hello differ only in the key.</summary>
    internal static void Hello(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, Span<byte> mac) =>
        Compute(key, Labels.Hello, message, mac);

    /// <summary>mac_id of a challenge, over the hello and the challenge before it.</summary>
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
