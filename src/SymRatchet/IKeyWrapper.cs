using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>
/// Encrypts keys before a store writes them down, so that its files, backups and replicas alone are of no use.
/// Thread-safe: a store asks for several keys at once. It may be a service over the network; a store asks it while it
/// holds no lock and no transaction, and gives it up after a time of its own.
/// </summary>
/// <remarks>
/// A wrapper that cannot do its work throws, which ends the handshake. One that blocks the thread on which it is called
/// holds up the other calls of its store, of which only a few may block at once: await, and do not wait.
/// </remarks>
public interface IKeyWrapper
{
    /// <summary>Encrypts and authenticates one key.</summary>
    /// <param name="key">
    /// The key, 16 or 32 bytes. It is erased once the task has ended: keep no reference to it.
    /// </param>
    /// <param name="place">Where the key is kept; the wrapped key opens there only.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits for the answer any more.</param>
    /// <returns>What is written down; 1 to 4,096 bytes. The store copies it.</returns>
    ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext place,
        CancellationToken cancellationToken = default
    );

    /// <summary>Opens what <see cref="WrapAsync"/> made.</summary>
    /// <param name="wrapped">What was written down; erased once the task has ended.</param>
    /// <param name="place">Where it was found.</param>
    /// <param name="key">
    /// Takes the key; as long as a key of this place is. Not to be written to once the task has ended.
    /// </param>
    /// <param name="cancellationToken">Cancelled when nobody waits for the answer any more.</param>
    /// <returns>
    /// Whether it is still wrapped in the way in which <see cref="WrapAsync"/> would do it now; if not, it is worth
    /// wrapping again.
    /// </returns>
    /// <exception cref="CryptographicException">
    /// It was wrapped for another place, was changed, or its wrapping key is gone.
    /// </exception>
    ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext place,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    );
}
