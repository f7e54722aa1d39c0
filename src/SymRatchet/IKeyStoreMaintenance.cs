namespace SymRatchet;

/// <summary>Represents a key store that can be checked for damage and whose keys can be rewrapped.</summary>
/// <remarks>
/// For administration programs. Damage to one client's record does not prevent the processing of others. Safe for
/// threads and processes as <see cref="IKeyStore"/> is.
/// </remarks>
public interface IKeyStoreMaintenance
{
    /// <summary>Checks the store, including the keys, for damage.</summary>
    /// <param name="cancellationToken">Cancels the check between two identities.</param>
    /// <returns>A description of each problem, with its identity; empty if there is none.</returns>
    /// <exception cref="KeyStoreException">The store cannot be read at all; the message says why.</exception>
    ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken = default);

    /// <summary>Wraps every key again with the store's wrapper.</summary>
    /// <param name="previous">The wrapper that unwraps the present keys, if it is not the store's own.</param>
    /// <param name="cancellationToken">Cancels the work between two identities; it can be repeated.</param>
    /// <returns>The number of identities whose keys were rewrapped.</returns>
    /// <exception cref="KeyStoreException">
    /// Some keys cannot be unwrapped, or change faster than they are rewrapped; the message names their clients, and
    /// all others are done. Or the wrapper does not answer, which ends the work.
    /// </exception>
    /// <remarks>
    /// After that, an old wrapping key can be destroyed, which makes old copies of the store useless. Also wraps keys
    /// that were stored in plaintext.
    /// </remarks>
    ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default);
}
