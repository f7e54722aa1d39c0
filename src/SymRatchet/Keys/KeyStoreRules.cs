using System.Security.Cryptography;
using SymRatchet.Keys;
using SymRatchet.Session;

namespace SymRatchet;

/// <summary>
/// The checks that every <see cref="IKeyDirectory"/> makes, so that stores do not differ. The store packages compile
/// this file too.
/// </summary>
internal static class KeyStoreRules
{
    /// <summary>Throws if a key may not be added to a store.</summary>
    /// <param name="role">The role of the store.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="ArgumentException">The key serves another role.</exception>
    /// <exception cref="KeyStoreException">The key was erased.</exception>
    internal static void CheckAdd(ChannelRole role, StoredKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Role != role)
            throw new ArgumentException($"The key serves the {key.Role}, and this store the {role}.", nameof(key));
        CheckSuites(key.Suites);
        if (!key.IdentityKey.IsEmpty)
            CheckIsNotErased(key.Id, key.IdentityKey);
        CheckIsNotErased(key.Id, key.EpochKey);
    }

    /// <summary>Throws if a key is all zeros: such a key is known to everybody.</summary>
    /// <param name="id">The id.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="KeyStoreException">It is all zeros.</exception>
    internal static void CheckIsNotErased(ClientId id, ReadOnlySpan<byte> key)
    {
        if (!key.ContainsAnyExcept((byte)0))
            throw new KeyStoreException($"The key of {id} is all zeros: it was erased before it was stored.");
    }

    /// <summary>Throws if a key may not replace the one that an identity has.</summary>
    /// <param name="role">The role of the store.</param>
    /// <param name="key">The new key.</param>
    /// <param name="current">What the store knows of the identity.</param>
    /// <exception cref="ArgumentException">
    /// The key has another role, protocol or evolution, or is not at epoch 0.
    /// </exception>
    /// <exception cref="KeyStoreException">The key was erased.</exception>
    internal static void CheckRotation(ChannelRole role, StoredKey key, KeyRecord current)
    {
        ArgumentNullException.ThrowIfNull(current);
        CheckAdd(role, key);
        if (key.Epoch != 0)
            throw new ArgumentException($"A new key starts at epoch 0; this one is at {key.Epoch}.", nameof(key));
        if (key.Protocol != current.Protocol || key.Evolution != current.Evolution)
        {
            throw new ArgumentException(
                $"The new key of {current.Id} is of protocol {key.Protocol} and evolution {key.Evolution}, the old "
                    + $"one of {current.Protocol} and {current.Evolution}.",
                nameof(key)
            );
        }
    }

    /// <summary>Throws if a rotation does not bring a new key.</summary>
    /// <param name="key">The new key.</param>
    /// <param name="current">The key of the identity.</param>
    /// <exception cref="ArgumentException">
    /// It is the same key, which the rotation is meant to make worthless.
    /// </exception>
    internal static void CheckIsNew(StoredKey key, StoredKey current)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(current);
        bool isSame =
            KeyShape.Of(key.Protocol).IdentitySize == 0
                ? CryptographicOperations.FixedTimeEquals(key.EpochKey, current.EpochKey)
                : CryptographicOperations.FixedTimeEquals(key.IdentityKey, current.IdentityKey);
        if (isSame)
            throw new ArgumentException(
                $"The new key of {key.Id} is the same key that it has. Rotate it to a new one.",
                nameof(key)
            );
    }

    /// <summary>
    /// Whether a new key replaces the old one at once: a client's store keeps one key, a revoked identity has none to
    /// keep, and the seed protocol does not tell which of two keys a client uses.
    /// </summary>
    /// <param name="role">The role of the store.</param>
    /// <param name="current">What the store knows of the identity.</param>
    internal static bool IsReplacedAtOnce(ChannelRole role, KeyRecord current)
    {
        ArgumentNullException.ThrowIfNull(current);
        return role == ChannelRole.Client || current.Revoked is not null || !KeyShape.Of(current.Protocol).IsRecognized;
    }

    /// <summary>Throws if an identity cannot be restricted to these suites.</summary>
    /// <param name="suites">The suites; none for no restriction.</param>
    /// <exception cref="ArgumentException">One is unknown or named twice.</exception>
    internal static void CheckSuites(IReadOnlyList<CipherSuiteId> suites)
    {
        ArgumentNullException.ThrowIfNull(suites);
        if (suites.Distinct().Count() != suites.Count || !suites.All(SuiteSet.All.Contains))
            throw new ArgumentException("The suites must be of this library, none twice.", nameof(suites));
    }
}
