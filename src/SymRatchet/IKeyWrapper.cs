using System.Security.Cryptography;

namespace SymRatchet;

/// <summary>
/// Encrypts keys before a store writes them, so that files, backups and replicas of the store are useless alone.
/// </summary>
/// <remarks>
/// <para>
/// A wrapper may be a network service: a store calls it without holding a lock or a transaction, and with a timeout. It
/// throws if it cannot wrap or unwrap, which fails the handshake. It must not block its thread, because only a few
/// calls of a store may block at a time.
/// </para>
/// <para>Thread-safe: a store calls it for several keys at a time.</para>
/// </remarks>
public interface IKeyWrapper
{
    /// <summary>Encrypts and authenticates a key.</summary>
    /// <param name="key">The key, 16 or 32 bytes. It is erased when the task ends: keep no reference to it.</param>
    /// <param name="context">The context of the key, to which the wrapped key is bound.</param>
    /// <param name="cancellationToken">Cancelled when the result is no longer needed.</param>
    /// <returns>The wrapped key, 1 to 4,096 bytes. The store copies it.</returns>
    ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    );

    /// <summary>Decrypts a key that <see cref="WrapAsync"/> has wrapped.</summary>
    /// <param name="wrapped">The wrapped key; erased when the task ends.</param>
    /// <param name="context">The context in which it was found.</param>
    /// <param name="key">
    /// Receives the key; as long as the expected key. It must not be written to after the task has ended.
    /// </param>
    /// <param name="cancellationToken">Cancelled when the result is no longer needed.</param>
    /// <returns>
    /// True if it is wrapped as <see cref="WrapAsync"/> would wrap it now; false if it should be rewrapped.
    /// </returns>
    /// <exception cref="CryptographicException">
    /// It was wrapped for another context or was modified, or its wrapping key is not available.
    /// </exception>
    ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    );
}
