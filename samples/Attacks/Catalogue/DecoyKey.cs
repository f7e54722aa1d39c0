using System.Globalization;
using System.Security.Cryptography;
using SymRatchet.Samples.Attacks.Lab;

namespace SymRatchet.Samples.Attacks.Catalogue;

/// <summary>Keys that the attacker makes up.</summary>
internal static class DecoyKey
{
    internal const byte Nobody = 213;

    internal static PreSharedKey For(Laboratory laboratory, ClientId id)
    {
        byte[] key = RandomNumberGenerator.GetBytes(PreSharedKey.Size);
        return laboratory.Protocol == ChannelProtocol.Seed
            ? PreSharedKey.ForSeed(
                byte.Parse(id.Bytes, CultureInfo.InvariantCulture),
                key.AsSpan(0, PreSharedKey.SeedKeySize)
            )
            : PreSharedKey.Import(id, key);
    }

    /// <summary>The key of one client under the id of another.</summary>
    internal static PreSharedKey Borrowed(Laboratory laboratory)
    {
        // For v1 a key is bound to its id when it is imported; what the thief can do is to import his secret under the
        // other id.
        using StoredKey own = laboratory.KeyOf(laboratory.Other).ImportFor(ChannelRole.Client);
        return laboratory.Protocol == ChannelProtocol.Seed
            ? PreSharedKey.ForSeed(byte.Parse(laboratory.Victim.Bytes, CultureInfo.InvariantCulture), own.EpochKey)
            : PreSharedKey.Import(laboratory.Victim, own.EpochKey);
    }
}
