namespace SymRatchet;

/// <summary>
/// A key store that can tell whether it could move a key forward now. A store that answers reads may still be unable
/// to: its disk is full or read-only, its lock is held elsewhere, its file is gone. No client can connect then.
/// </summary>
public interface IKeyStoreProbe
{
    /// <summary>Does what an advance needs, short of changing a key.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">An advance would fail now; the message says why.</exception>
    ValueTask ProbeAsync(CancellationToken cancellationToken = default);
}
