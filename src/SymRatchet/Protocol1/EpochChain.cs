using System.Security.Cryptography;
using SymRatchet.Crypto;

namespace SymRatchet.Protocol1;

/// <summary>
/// Provisioning and the chain of root keys (docs/protocol.md, 3). Keys can only be derived forward, which gives forward
/// secrecy between sessions.
/// </summary>
internal static class EpochChain
{
    internal const int KeySize = 32;

    /// <summary>The end of the epochs, which are compared as unsigned numbers and never wrap.</summary>
    internal const long LastEpoch = long.MaxValue;

    /// <summary>
    /// Derives the identity key and the root key of epoch 0 from a PSK, bound to the client's id and the server's
    /// name.
    /// </summary>
    internal static void Import(
        ReadOnlySpan<byte> preSharedKey,
        ReadOnlySpan<byte> id,
        ReadOnlySpan<byte> server,
        Span<byte> identityKey,
        Span<byte> epochKey
    )
    {
        Span<byte> salt = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> extracted = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData([.. Labels.Import, (byte)id.Length, .. id, (byte)server.Length, .. server], salt);
        try
        {
            Hkdf.Extract(salt, preSharedKey, extracted);
            Hkdf.Expand(extracted, Labels.Identity, identityKey);
            Hkdf.Expand(extracted, Labels.Epoch, epochKey);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(extracted);
        }
    }

    /// <summary>Moves a root key forward by a number of epochs, in place.</summary>
    internal static void Walk(Span<byte> epochKey, long epochs)
    {
        for (; epochs > 0; epochs--)
            Hkdf.Expand(epochKey, Labels.NextEpoch, epochKey);
    }
}
