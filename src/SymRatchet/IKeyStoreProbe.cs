namespace SymRatchet;

/// <summary>Represents a key store that can test whether it can currently move a key forward.</summary>
/// <remarks>
/// A store that can be read may still be unable to write: the disk is full or read-only, the lock is held elsewhere,
/// the file was deleted. No client can connect then. Safe for threads and processes as <see cref="IKeyStore"/> is.
/// </remarks>
public interface IKeyStoreProbe
{
    /// <summary>Does everything that an advance needs, without changing a key.</summary>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="KeyStoreException">An advance would fail now; the message says why.</exception>
    ValueTask ProbeAsync(CancellationToken cancellationToken = default);
}
