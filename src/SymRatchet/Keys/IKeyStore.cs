namespace SymRatchet;

/// <summary>
/// Where the keys of identities live. An implementation is safe for use by many threads, and, where several processes share
/// it, by all of them. Exceptions that it throws end the handshake in flight as <see cref="SecureChannelError.KeyStore"/>.
/// </summary>
public interface IKeyStore
{
    /// <summary>Reads one identity; epoch and key are one snapshot.</summary>
    /// <param name="id">The client's id, 1 to 255 bytes, as a peer claimed it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A snapshot that the caller disposes, or null where the id is unknown.</returns>
    ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves an identity forward: atomic, and durable before it returns. A lower or equal epoch changes nothing and is no error:
    /// parallel handshakes of one identity race for it. The old key must not be readable afterwards.
    /// </summary>
    /// <param name="id">The client's id, which <see cref="FindAsync"/> has found.</param>
    /// <param name="epoch">The epoch of <paramref name="epochKey"/>.</param>
    /// <param name="epochKey">The root key of that epoch, 32 bytes. Erased by the caller afterwards, so it is copied where it is kept.</param>
    /// <param name="cancellationToken">Ends the wait; the move may have happened all the same.</param>
    ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default);
}
