namespace SymRatchet;

/// <summary>
/// A key store with its operators' side: keys come, are replaced and go, and what is known of them is listed. As safe
/// among threads and processes as <see cref="IKeyStore"/>; every change is durable before its call returns.
/// </summary>
public interface IKeyDirectory : IKeyStore
{
    /// <summary>The one role that the keys of this store serve.</summary>
    ChannelRole Role { get; }

    /// <summary>
    /// Adds a key, at whatever epoch it is, so that keys can be moved from one store to another. The store gives it a
    /// serial of its own.
    /// </summary>
    /// <param name="key">The key; copied.</param>
    /// <param name="cancellationToken">Ends the wait; the key may have been added all the same.</param>
    /// <exception cref="ArgumentException">
    /// The key serves another role, or one of its suites is unknown or named twice.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The id is there already. A revoked id is brought back by <see cref="RotateAsync"/> only.
    /// </exception>
    ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives an identity a new key. A server's store keeps it beside the old one until the client has used the new, and
    /// drops the old one then; a second rotation replaces a new key that was not used. A client's store, a store in
    /// which the id is revoked, and any store for a key of the seed protocol, which does not say which of two keys is
    /// meant, take the new key at once.
    /// </summary>
    /// <param name="key">The new key, of epoch 0 and of the same protocol and evolution as the old; copied.</param>
    /// <param name="cancellationToken">Ends the wait; the rotation may have happened all the same.</param>
    /// <exception cref="ArgumentException">The key does not fit the old one, or is the old one.</exception>
    /// <exception cref="KeyNotFoundException">The id is unknown.</exception>
    ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Erases the keys of an identity and remembers that it was revoked. Its handshakes fail from now on, those in
    /// flight included; its live channels end where <see cref="ChannelRegistry"/> are used.
    /// </summary>
    /// <param name="id">The client's id.</param>
    /// <param name="cancellationToken">Ends the wait; the identity may have been revoked all the same.</param>
    /// <returns>False where the id is unknown or was revoked before.</returns>
    ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default);

    /// <summary>Sets the cipher suites that an identity may use.</summary>
    /// <param name="id">The client's id.</param>
    /// <param name="suites">One or more suites, or none for no restriction.</param>
    /// <param name="cancellationToken">Ends the wait; the restriction may have been set all the same.</param>
    /// <exception cref="ArgumentException">A suite is unknown or named twice.</exception>
    /// <exception cref="KeyNotFoundException">The id is unknown or revoked.</exception>
    ValueTask RestrictAsync(
        ClientId id,
        IReadOnlyList<CipherSuiteId> suites,
        CancellationToken cancellationToken = default
    );

    /// <summary>What the store knows of one identity, without its keys; null where the id is unknown.</summary>
    /// <param name="id">The client's id.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default);

    /// <summary>Lists identities in the order of the bytes of their ids, a page at a time.</summary>
    /// <param name="after">The id after which the page starts; null for the first page.</param>
    /// <param name="limit">How many identities at most, 1 or more. A shorter page is the last one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is below 1.</exception>
    ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
        ClientId? after,
        int limit,
        CancellationToken cancellationToken = default
    );

    /// <summary>
    /// The ids that are revoked from now on, by this process or another that shares the store, within a second of the
    /// fact. An id may come more than once, and ids that were revoked shortly before may come first. Ends only with its
    /// token, or where the store cannot be read; what is revoked until a watch of the same object is begun again is
    /// told by that one.
    /// </summary>
    /// <param name="cancellationToken">Ends the watch.</param>
    /// <exception cref="KeyStoreException">The store cannot be read; begin the watch again.</exception>
    IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default);
}
