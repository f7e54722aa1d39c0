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
}
