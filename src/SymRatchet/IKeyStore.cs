namespace SymRatchet;

/// <summary>
/// Where the keys of identities live, as far as a channel needs it; <see cref="IKeyDirectory"/> is the operators' side.
/// An implementation is safe for use by many threads, and, where several processes share it, by all of them. Exceptions
/// that it throws end the handshake in flight as <see cref="SecureChannelError.KeyStore"/>. Protocol 1, sections 3
/// (Provisioning) and 5.
/// </summary>
public interface IKeyStore
{
    /// <summary>Reads one identity; epoch and key are one snapshot.</summary>
    /// <param name="id">The client's id, 1 to 255 bytes, as a peer claimed it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A snapshot that the caller disposes, or null where the id is unknown or revoked.</returns>
    ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves a key forward: atomic, and durable before it returns. A lower or equal epoch changes nothing and is no
    /// error: parallel handshakes of one identity race for it. Moving a <see cref="StoredKey.Successor"/>, to whatever
    /// epoch, makes it the identity's only key. What was replaced must not be readable afterwards.
    /// </summary>
    /// <param name="id">The client's id, which <see cref="FindAsync"/> has found.</param>
    /// <param name="serial">Which of the identity's keys moves: its <see cref="StoredKey.Serial"/>.</param>
    /// <param name="epoch">The epoch of <paramref name="epochKey"/>.</param>
    /// <param name="epochKey">
    /// The root key of that epoch, 32 bytes. Erased by the caller afterwards, so it is copied where it is kept.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the move may have happened all the same.</param>
    /// <exception cref="KeyNotFoundException">
    /// The id has no key of this serial any more: it was revoked or replaced.
    /// </exception>
    ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    );
}
