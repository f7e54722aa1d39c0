namespace SymRatchet.KeyStores;

/// <summary>The keys of a row, opened.</summary>
/// <param name="key">The key; null where the id is unknown or revoked. Disposed with this.</param>
/// <param name="areCurrent">Whether all of them are wrapped as they would be now.</param>
internal sealed class OpenedKeys(StoredKey? key, bool areCurrent) : IDisposable
{
    internal StoredKey? Key => key;

    internal bool AreCurrent => areCurrent;

    /// <summary>What <see cref="SealedKeys.DigestOfRoot"/> was; set for a rewrap only.</summary>
    internal byte[]? DigestOfRoot { get; init; }

    public void Dispose() => key?.Dispose();
}
