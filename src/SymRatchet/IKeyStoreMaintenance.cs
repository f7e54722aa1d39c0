namespace SymRatchet;

/// <summary>
/// A key store of many clients that can be looked through for damage, and whose keys can be wrapped again. For the
/// programs that keep stores; one client's damage hides no other's.
/// </summary>
public interface IKeyStoreMaintenance
{
    /// <summary>Looks for damage, in the keys as well.</summary>
    /// <param name="cancellationToken">Ends the look between two identities.</param>
    /// <returns>What is wrong, in words, each with the identity that it concerns; empty where nothing is.</returns>
    /// <exception cref="KeyStoreException">The store cannot be read at all; the message says why.</exception>
    ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Wraps every key again as the store's wrapper does it now, so that a wrapping key that is no longer used can be
    /// destroyed, and with it every old copy of what was under it; or that keys which were plain are wrapped from now
    /// on.
    /// </summary>
    /// <param name="previous">What opens the keys as they are now, where it is not the store's own wrapper.</param>
    /// <param name="cancellationToken">Ends the work between two identities; it can be done again.</param>
    /// <returns>How many identities were wrapped again.</returns>
    /// <exception cref="KeyStoreException">
    /// Keys cannot be opened, or move on faster than they are wrapped; the message names their clients, and all others
    /// are wrapped again. Or the wrapper does not answer, which ends the work.
    /// </exception>
    ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default);
}
