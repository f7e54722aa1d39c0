namespace SymRatchet;

/// <summary>
/// Encrypts keys before a store writes them down, so that its files, backups and replicas alone are of no use. Thread-safe.
/// A wrapper that cannot do its work throws, which ends the handshake.
/// </summary>
public interface IKeyWrapper
{
    /// <summary>Encrypts and authenticates one key.</summary>
    /// <param name="key">The key, 16 or 32 bytes.</param>
    /// <param name="place">Where the key is kept; the wrapped key opens there only.</param>
    /// <returns>What is written down; of any length up to 4,096 bytes.</returns>
    byte[] Wrap(ReadOnlySpan<byte> key, KeyPlace place);

    /// <summary>Opens what <see cref="Wrap"/> made.</summary>
    /// <param name="wrapped">What was written down.</param>
    /// <param name="place">Where it was found.</param>
    /// <param name="key">Takes the key; as long as a key of this place is.</param>
    /// <returns>Whether it is still wrapped in the way in which <see cref="Wrap"/> would do it now; if not, it is worth wrapping again.</returns>
    /// <exception cref="System.Security.Cryptography.CryptographicException">It was wrapped for another place, was changed, or its wrapping key is gone.</exception>
    bool Unwrap(ReadOnlySpan<byte> wrapped, KeyPlace place, Span<byte> key);
}
