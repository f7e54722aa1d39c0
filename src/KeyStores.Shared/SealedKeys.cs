using System.Security.Cryptography;

namespace SymRatchet.KeyStores;

/// <summary>
/// The keys of one identity as a row holds them: read while the database is asked, and opened when it is not any more.
/// Disposing it erases all of it.
/// </summary>
internal sealed class SealedKeys(ClientId id, SealedKey key, SealedKey? successor, SealedKey? decoy) : IDisposable
{
    private readonly SealedKey[] _all = [.. ((SealedKey?[])[key, successor, decoy]).OfType<SealedKey>()];

    /// <summary>Gets whether it is a decoy: the id is unknown or revoked.</summary>
    internal bool IsDecoy { get; init; }

    internal ClientId Id => id;

    /// <summary>Every part that a wrapper must open.</summary>
    internal IEnumerable<SealedPart> Parts => _all.SelectMany(sealedKey => sealedKey.Parts);

    /// <summary>
    /// Returns the SHA-256 of the root key as it is wrapped, which tells whether a row was rewrapped meanwhile.
    /// </summary>
    internal byte[] DigestOfRoot() => SHA256.HashData(key.Root.Wrapped.Span);

    /// <summary>Makes keys of the parts, which are open.</summary>
    /// <exception cref="KeyStoreException">No store writes such a row.</exception>
    internal StoredKey? Build()
    {
        StoredKey? next = null;
        try
        {
            decoy?.Build(id, successor: null).Dispose(); // which takes as long as a successor does
            next = successor?.Build(id, successor: null);
            StoredKey built = key.Build(id, next);
            next = null;
            if (!IsDecoy)
                return built;
            built.Dispose();
            return null;
        }
        catch (ArgumentException e)
        {
            throw KeyRow.Damaged(id, e);
        }
        finally
        {
            next?.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (SealedPart part in Parts)
            part.Dispose();
    }
}
