namespace SymRatchet;

/// <summary>Represents a store of identity keys as a channel uses it (docs/protocol.md, 3 and 5).</summary>
/// <remarks>
/// <see cref="IKeyDirectory"/> adds the operations for administrators. An implementation is safe for use by many
/// threads and, if processes share it, by all of them. An exception that it throws fails the handshake with
/// <see cref="SecureChannelError.KeyStore"/>.
/// </remarks>
public interface IKeyStore
{
    /// <summary>Returns a snapshot of the key of an identity.</summary>
    /// <param name="id">The client's id, 1 to 255 bytes, as claimed by a peer.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>A snapshot, read atomically, that the caller disposes; null if the id is unknown or revoked.</returns>
    ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default);

    /// <summary>Moves a key forward, atomically, and durably before this returns.</summary>
    /// <param name="id">The client's id, which <see cref="FindAsync"/> has found.</param>
    /// <param name="serial">The <see cref="StoredKey.Serial"/> of the key that moves.</param>
    /// <param name="epoch">The epoch of <paramref name="epochKey"/>.</param>
    /// <param name="epochKey">
    /// The root key of that epoch, 32 bytes. The caller erases it afterwards, so the store keeps a copy.
    /// </param>
    /// <param name="cancellationToken">Cancels the wait; the key may still move.</param>
    /// <exception cref="KeyNotFoundException">
    /// The id has no key with this serial: it was revoked or replaced.
    /// </exception>
    /// <remarks>
    /// A lower or equal epoch changes nothing and is not an error, since parallel handshakes of an identity race here.
    /// Moving a <see cref="StoredKey.Successor"/>, to any epoch, makes it the identity's only key. The replaced key
    /// must not be readable afterwards.
    /// </remarks>
    ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    );
}
