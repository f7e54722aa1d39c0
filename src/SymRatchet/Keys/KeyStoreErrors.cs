namespace SymRatchet;

/// <summary>
/// The exceptions for an id that is missing or already there, the same in every <see cref="IKeyDirectory"/>. A store's
/// other failures are thrown where they are detected. The store packages compile this file too.
/// </summary>
internal static class KeyStoreErrors
{
    /// <summary>Returns the exception for an id or serial that is not in the store.</summary>
    /// <param name="id">The id.</param>
    internal static KeyNotFoundException KeyNotFound(ClientId id) => new($"The store holds no such key for {id}.");

    /// <summary>Returns the exception for an id that cannot be added because it is in the store already.</summary>
    /// <param name="id">The id.</param>
    /// <param name="isRevoked">Whether its key was revoked.</param>
    internal static InvalidOperationException DuplicateKey(ClientId id, bool isRevoked) =>
        new(
            isRevoked
                ? $"{id} was revoked. Rotate it to give it a new key."
                : $"The store already holds a key for {id}."
        );
}
