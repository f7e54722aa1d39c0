namespace SymRatchet;

/// <summary>
/// Represents a key store with the operations for administrators: adding, rotating, revoking and listing keys.
/// </summary>
/// <remarks>
/// Every change is durable before its call returns. Safe for threads and processes as <see cref="IKeyStore"/> is.
/// </remarks>
public interface IKeyDirectory : IKeyStore
{
    /// <summary>Gets the role that all keys of this store serve.</summary>
    ChannelRole Role { get; }

    /// <summary>Adds a key.</summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="cancellationToken">Cancels the wait; the key may still be added.</param>
    /// <exception cref="ArgumentException">
    /// The key serves another role, or one of its suites is unknown or named twice.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The id is in the store already; to give a revoked id a new key, use <see cref="RotateAsync"/>.
    /// </exception>
    /// <remarks>
    /// The key may be at any epoch, so that keys can be moved between stores. The store assigns a new serial.
    /// </remarks>
    ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default);

    /// <summary>Gives an identity a new key.</summary>
    /// <param name="key">The new key, of epoch 0 and of the same protocol and evolution as the old; copied.</param>
    /// <param name="cancellationToken">Cancels the wait; the rotation may still take place.</param>
    /// <exception cref="ArgumentException">
    /// The key differs from the old one in protocol or evolution, is not at epoch 0, or is the old key.
    /// </exception>
    /// <exception cref="KeyNotFoundException">The id is unknown.</exception>
    /// <remarks>
    /// A server's store keeps the old key until the client has used the new one; a second rotation replaces a new key
    /// that was not used yet. The old key is replaced at once in a client's store, if the id is revoked, and for keys
    /// of the seed protocol, whose messages do not show which of two keys was used (docs/protocol.md, 3).
    /// </remarks>
    ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default);

    /// <summary>Revokes an identity: erases its keys and keeps a record.</summary>
    /// <param name="id">The client's id.</param>
    /// <param name="cancellationToken">Cancels the wait; the identity may still be revoked.</param>
    /// <returns>True if the identity was revoked by this call; false if it is unknown or was revoked before.</returns>
    /// <remarks>
    /// Its handshakes fail from now on, including pending ones. Its channels are ended by a
    /// <see cref="ChannelRegistry"/>, if one is used.
    /// </remarks>
    ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default);

    /// <summary>Sets the cipher suites that an identity may use.</summary>
    /// <param name="id">The client's id.</param>
    /// <param name="suites">The suites; empty for no restriction.</param>
    /// <param name="cancellationToken">Cancels the wait; the restriction may still be set.</param>
    /// <exception cref="ArgumentException">A suite is unknown or named twice.</exception>
    /// <exception cref="KeyNotFoundException">The id is unknown or revoked.</exception>
    ValueTask RestrictAsync(
        ClientId id,
        IReadOnlyList<CipherSuiteId> suites,
        CancellationToken cancellationToken = default
    );

    /// <summary>Returns the record of an identity, without its keys; null if the id is unknown.</summary>
    /// <param name="id">The client's id.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default);

    /// <summary>Returns one page of identities, ordered by the bytes of their ids.</summary>
    /// <param name="after">The id after which the page starts; null for the first page.</param>
    /// <param name="limit">The size of the page, 1 or more. A shorter page is the last one.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1.</exception>
    ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
        ClientId? after,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// Returns the ids that are revoked from now on, by this process or another one that shares the store.
    /// </summary>
    /// <param name="cancellationToken">Cancels the watch.</param>
    /// <exception cref="KeyStoreException">The store cannot be read; start the watch again.</exception>
    /// <remarks>
    /// A revocation is reported within a second, possibly more than once, and recent earlier ones may be reported too.
    /// The sequence ends only with its token or if the store cannot be read; the next watch of the same object then
    /// reports what was revoked in between.
    /// </remarks>
    IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default);
}
