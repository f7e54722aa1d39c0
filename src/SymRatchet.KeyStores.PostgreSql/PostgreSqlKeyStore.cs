using System.Security.Cryptography;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Keys in PostgreSQL, shared by any number of server processes. Thread-safe. An advance is one conditional statement,
/// committed before it is reported. Every call ends within a time limit, whatever the server does, and at once when its
/// token says so; a change that was under way then is told as unknown. A revocation is announced to all processes that
/// watch.
/// </summary>
/// <remarks>
/// PostgreSQL keeps old row versions for a while, in the table, in its write-ahead log, in replicas and in backups.
/// What this means for forward secrecy between sessions, and how to bound it with a wrapper, is in
/// <c>docs/key-stores.md</c>.
/// </remarks>
public sealed class PostgreSqlKeyStore : IKeyDirectory, IKeyStoreProbe
{
    /// <summary>How many damaged rows one message names.</summary>
    private const int MaxFailures = 10;

    private static readonly ClientId NobodysId = new([0]);

    private readonly NpgsqlDataSource _source;
    private readonly PostgreSqlKeyStoreOptions _options;
    private readonly StoreStatements _sql;
    private readonly RevocationPositions _positions;

    private PostgreSqlKeyStore(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions options,
        RevocationPosition opened
    )
    {
        _source = source;
        _options = options;
        _sql = new StoreStatements(options.Schema);
        _positions = new RevocationPositions(opened);
        Role = role;
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>
    /// Makes the tables of a store where there are none, brings those of an earlier version up to date, and opens it.
    /// Needs the right to make them; <see cref="OpenAsync"/> does not.
    /// </summary>
    /// <param name="source">The database; not disposed with the store.</param>
    /// <param name="role">The one role that the store's keys serve; fixed when the tables are made.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">The database cannot be used; the message says why.</exception>
    public static async ValueTask<PostgreSqlKeyStore> CreateAsync(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        await CreateTablesAsync(source, role, options, cancellationToken).ConfigureAwait(false);
        return await OpenAsync(source, role, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a store whose tables are there.</summary>
    /// <param name="source">The database; not disposed with the store.</param>
    /// <param name="role">The one role that the store's keys serve.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">The database cannot be used, or holds no such store; the message says
    /// why.</exception>
    public static ValueTask<PostgreSqlKeyStore> OpenAsync(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions? options = null,
        CancellationToken cancellationToken = default
    ) => OpenCheckedAsync(source, role, options, mayBeUnfinished: false, cancellationToken);

    /// <summary>Makes or opens a store into which another may not be copied to the end yet.</summary>
    internal static async ValueTask<PostgreSqlKeyStore> OpenEvenUnfinishedAsync(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions options,
        bool create,
        CancellationToken cancellationToken
    )
    {
        if (create)
            await CreateTablesAsync(source, role, options, cancellationToken).ConfigureAwait(false);
        return await OpenCheckedAsync(source, role, options, mayBeUnfinished: true, cancellationToken)
            .ConfigureAwait(false);
    }

    private static ValueTask<bool> CreateTablesAsync(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions? options,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        options = (options ?? new PostgreSqlKeyStoreOptions()).Validated();
        return StoreSession.RunAsync(
            source,
            options.Timeout,
            async session =>
            {
                await StoreSchema.CreateAsync(session, options.Schema, role).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );
    }

    private static ValueTask<PostgreSqlKeyStore> OpenCheckedAsync(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions? options,
        bool mayBeUnfinished,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(source);
        options = (options ?? new PostgreSqlKeyStoreOptions()).Validated();
        return StoreSession.RunAsync(
            source,
            options.Timeout,
            async session =>
            {
                RevocationPosition opened = await StoreSchema
                    .CheckAsync(session, options.Schema, role)
                    .ConfigureAwait(false);
                if (!mayBeUnfinished)
                    await StoreSchema.RefuseUnfinishedAsync(session, options.Schema).ConfigureAwait(false);
                return new PostgreSqlKeyStore(source, role, options, opened);
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        return RunAsync(session => FindAsync(session, id), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    )
    {
        cancellationToken.ThrowIfCancellationRequested();

        // A call that was left to itself still needs its key when the caller has erased the caller's.
        ErasedKey key = new(epochKey.Span);
        bool isKnown = await RunAsync(
                async session =>
                {
                    byte[] wrapped = [];
                    try
                    {
                        wrapped = _options.Wrapper.Wrap(key.Bytes, new KeyPlace(Role, id, serial, epoch));
                        return await AdvanceAsync(session, id, serial, epoch, wrapped).ConfigureAwait(false);
                    }
                    finally
                    {
                        Erase(wrapped);
                    }
                },
                cancellationToken,
                key
            )
            .ConfigureAwait(false);
        if (!isKnown)
            throw KeyStoreRules.Unknown(id);
    }

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        cancellationToken.ThrowIfCancellationRequested();
        ClientId id = key.Id;
        StoredKey own = Copy(key);
        KeyRecord? present = await RunAsync(
                session => session.InTransactionAsync(() => AddAsync(session, id, own)),
                cancellationToken,
                own
            )
            .ConfigureAwait(false);
        if (present is not null)
            throw KeyStoreRules.Present(id, present.Revoked is not null);
    }

    /// <inheritdoc/>
    public async ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        ClientId id = key.Id;
        StoredKey own = Copy(key);
        await RunAsync(
                session => session.InTransactionAsync(() => RotateAsync(session, id, own)),
                cancellationToken,
                own
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        return RunAsync(session => RevokeAsync(session, id), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask RestrictAsync(
        ClientId id,
        IReadOnlyList<CipherSuiteId> suites,
        CancellationToken cancellationToken = default
    )
    {
        KeyStoreRules.CheckSuites(suites);
        long bits = SuiteSet.ToBits(suites);
        int count = await RunAsync(
                session => session.InTransactionAsync(() => session.ExecuteAsync(_sql.Restrict, id, bits)),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (count == 0)
            throw KeyStoreRules.Unknown(id);
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        return RunAsync(
            async session => One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, id).ConfigureAwait(false)),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
        ClientId? after,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        byte[] last = after.GetValueOrDefault().ToArray();
        return RunAsync<IReadOnlyList<KeyRecord>>(
            async session => await session.ReadAsync(_sql.List, KeyRow.ReadRecord, last, limit).ConfigureAwait(false),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Starts with what was revoked since the store was opened or, where an earlier watch has ended, since then. Fails
    /// with a <see cref="KeyStoreException"/> as soon as the database does not answer; watch again, and nothing that
    /// was revoked meanwhile is missed.
    /// </remarks>
    public IAsyncEnumerable<ClientId> WatchRevocationsAsync(
        CancellationToken cancellationToken = default
    ) => new RevocationWatch(_source, _sql, _options, _positions).RunAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ProbeAsync(CancellationToken cancellationToken = default) =>
        await RunAsync(
                async session =>
                {
                    // A handshake also wraps a key, and has opened one before.
                    byte[] key = new byte[PreSharedKey.Size];
                    KeyPlace place = new(Role, NobodysId, serial: 0, epoch: 0);
                    _options.Wrapper.Unwrap(_options.Wrapper.Wrap(key, place), place, key);
                    await session
                        .InTransactionAsync(() => session.ExecuteScriptAsync(_sql.Probe))
                        .ConfigureAwait(false);
                    await StoreSchema.CheckAsync(session, _options.Schema, Role).ConfigureAwait(false);
                    return true;
                },
                cancellationToken
            )
            .ConfigureAwait(false);

    /// <summary>
    /// Wraps every key again as <see cref="PostgreSqlKeyStoreOptions.Wrapper"/> does it now, so that a wrapping key
    /// that is no longer used can be destroyed, and with it every old copy of the rows that were under it.
    /// </summary>
    /// <param name="previous">What opens the keys as they are now, where it is not the store's own wrapper.</param>
    /// <param name="cancellationToken">Ends the work between two identities; it can be done again.</param>
    /// <returns>How many identities were wrapped again.</returns>
    /// <exception cref="KeyStoreException">Keys cannot be opened; the message names their clients. All others are
    /// wrapped again.</exception>
    public async ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default)
    {
        int count = 0;
        List<string> failures = [];
        await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
        {
            ClientId id = record.Id;
            (bool isWrapped, string? failure) = await RunAsync(
                    session => session.InTransactionAsync(() => RewrapAsync(session, id, previous)),
                    cancellationToken
                )
                .ConfigureAwait(false);
            count += isWrapped ? 1 : 0;
            if (failure is not null)
                failures.Add(failure);
        }

        if (failures.Count != 0)
            throw new KeyStoreException(
                $"Keys that cannot be wrapped again: {failures.Count}; all others are."
                    + string.Concat(failures.Take(MaxFailures).Select(failure => $" {failure}"))
            );
        return count;
    }

    /// <summary>Looks for damage in every row, keys included. The database itself is not checked.</summary>
    /// <param name="cancellationToken">Ends the look between two rows.</param>
    /// <returns>What is wrong, in words, each with the identity that it concerns; empty where nothing is.</returns>
    /// <exception cref="KeyStoreException">The database cannot be used; the message says why.</exception>
    public async ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken = default)
    {
        List<string> problems = [];
        await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
        {
            string? oddity = KeyRow.OddityOf(record);
            if (oddity is null)
            {
                ClientId id = record.Id;
                oddity = await RunAsync(session => ProblemOfAsync(session, id), cancellationToken)
                    .ConfigureAwait(false);
            }

            if (oddity is not null)
                problems.Add($"{record.Id}: {oddity}");
        }

        return problems;
    }

    // What is wrong with a row is its answer; what is wrong with the database ends the check.
    private async ValueTask<string?> ProblemOfAsync(StoreSession session, ClientId id)
    {
        UnwrappedKeys keys = new(_options.Wrapper);
        return (
            await session
                .ReadAsync(
                    _sql.FindToCheck,
                    row =>
                    {
                        try
                        {
                            using StoredKey found = Named(id, () => KeyRow.ReadKey(row, Role, id, keys));
                            return null;
                        }
                        catch (KeyStoreException e)
                        {
                            return e.Message;
                        }
                    },
                    id
                )
                .ConfigureAwait(false)
        ).SingleOrDefault();
    }

    private async ValueTask<bool> AdvanceAsync(
        StoreSession session,
        ClientId id,
        long serial,
        long epoch,
        byte[] wrapped
    )
    {
        if (
            await session
                .ChangeAsync(() => session.ExecuteAsync(_sql.Advance, id, serial, epoch, wrapped))
                .ConfigureAwait(false) == 1
        )
            return true;
        if (
            (
                await session
                    .ChangeAsync(() => session.ReadAsync(_sql.Knows, _ => true, id, serial))
                    .ConfigureAwait(false)
            ).Count == 1
        )
            return true;
        await session.CheckDurabilityAsync().ConfigureAwait(false);
        return false;
    }

    private async ValueTask<bool> RevokeAsync(StoreSession session, ClientId id)
    {
        if (
            (
                await session.ChangeAsync(() => session.ReadAsync(_sql.Revoke, _ => true, id)).ConfigureAwait(false)
            ).Count == 1
        )
            return true;
        if (
            (
                await session
                    .ChangeAsync(() => session.ReadAsync(_sql.IsRevoked, _ => true, id))
                    .ConfigureAwait(false)
            ).Count == 0
        )
            await session.CheckDurabilityAsync().ConfigureAwait(false);
        return false;
    }

    private async ValueTask<KeyRecord?> AddAsync(StoreSession session, ClientId id, StoredKey key)
    {
        long serial = await session.NumberAsync(_sql.NextSerial).ConfigureAwait(false);
        var wrapped = WrappedKey.Of(key, serial, _options.Wrapper);
        try
        {
            int added = await session
                .ExecuteAsync(
                    _sql.Add,
                    id,
                    (int)key.Protocol,
                    (int)key.Evolution,
                    SuiteSet.ToBits(key.Suites),
                    serial,
                    wrapped.Identity,
                    key.Epoch,
                    wrapped.Root,
                    key.LastSeen?.ToUnixTimeMilliseconds()
                )
                .ConfigureAwait(false);
            return added == 1
                ? null
                : One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, id).ConfigureAwait(false));
        }
        finally
        {
            Erase(wrapped.Identity, wrapped.Root);
        }
    }

    private async ValueTask<int> RotateAsync(StoreSession session, ClientId id, StoredKey key)
    {
        KeyRecord current =
            One(await session.ReadAsync(_sql.DescribeToChange, KeyRow.ReadRecord, id).ConfigureAwait(false))
            ?? throw KeyStoreRules.Unknown(id);
        KeyStoreRules.CheckRotation(Role, key, current);
        await RefuseSameAsync(session, id, key).ConfigureAwait(false);
        long serial = await session.NumberAsync(_sql.NextSerial).ConfigureAwait(false);
        var wrapped = WrappedKey.Of(key, serial, _options.Wrapper);
        try
        {
            string sql = KeyStoreRules.IsReplacedAtOnce(Role, current) ? _sql.Replace : _sql.Queue;
            return await session.ExecuteAsync(sql, id, serial, wrapped.Identity, wrapped.Root).ConfigureAwait(false);
        }
        finally
        {
            Erase(wrapped.Identity, wrapped.Root);
        }
    }

    // A key that cannot be read any more is replaced by a rotation, whatever it was.
    private async ValueTask RefuseSameAsync(StoreSession session, ClientId id, StoredKey key)
    {
        try
        {
            using StoredKey? current = await FindAsync(session, id).ConfigureAwait(false);
            if (current is not null)
                KeyStoreRules.CheckIsNew(key, current);
        }
        catch (KeyStoreException)
        {
        }
    }

    private async ValueTask<(bool IsWrapped, string? Failure)> RewrapAsync(
        StoreSession session,
        ClientId id,
        IKeyWrapper? previous
    )
    {
        UnwrappedKeys keys = new(previous ?? _options.Wrapper);
        StoredKey? found;
        try
        {
            found = One(
                await session
                    .ReadAsync(
                        _sql.FindToRewrap,
                        row => Named(id, () => KeyRow.ReadKey(row, Role, id, keys)),
                        id
                    )
                    .ConfigureAwait(false)
            );
        }
        catch (KeyStoreException e)
        {
            return (false, e.Message);
        }

        using StoredKey? opened = found;
        if (opened is null || (previous is null && keys.AreCurrent))
            return (false, null);
        var wrapped = WrappedKey.Of(opened, opened.Serial, _options.Wrapper);
        WrappedKey? next = opened.Successor is { } successor
            ? WrappedKey.Of(successor, successor.Serial, _options.Wrapper)
            : null;
        try
        {
            await session
                .ExecuteAsync(_sql.Rewrap, id, wrapped.Identity, wrapped.Root, next?.Identity, next?.Root)
                .ConfigureAwait(false);
            return (true, null);
        }
        finally
        {
            Erase(wrapped.Identity, wrapped.Root, next?.Identity, next?.Root);
        }
    }

    private ValueTask<T> RunAsync<T>(
        Func<StoreSession, ValueTask<T>> call,
        CancellationToken cancellationToken,
        IDisposable? secrets = null
    ) => StoreSession.RunAsync(_source, _options.Timeout, call, cancellationToken, secrets);

    // One row is found and read, whoever is asked for.
    private async ValueTask<StoredKey?> FindAsync(StoreSession session, ClientId id)
    {
        UnwrappedKeys keys = new(_options.Wrapper);
        WrappedKey decoy = keys.Decoy(id.Length);
        return One(
            await session
                .ReadAsync(
                    _sql.Find,
                    row => Named(id, () => KeyRow.FindKey(row, Role, id, keys)),
                    id,
                    decoy.Identity,
                    decoy.Root
                )
                .ConfigureAwait(false)
        );
    }

    /// <summary>
    /// Opens the keys of a row. A row that no store has written is named, and is its own client's trouble only.
    /// </summary>
    private static T Named<T>(ClientId id, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (CryptographicException e)
        {
            throw new KeyStoreException(
                $"A key of the key database cannot be unwrapped, that of {id}: {e.Message}",
                e
            );
        }
    }

    /// <summary>A copy for a call that may outlive its caller's patience, and with it the caller's key.</summary>
    private static StoredKey Copy(StoredKey key) =>
        new(key.Protocol, key.Role, key.Id, key.Evolution, key.IdentityKey, key.Epoch, key.EpochKey)
        {
            Suites = key.Suites,
            LastSeen = key.LastSeen,
        };

    private static void Erase(params ReadOnlySpan<byte[]?> secrets)
    {
        foreach (byte[]? secret in secrets)
            CryptographicOperations.ZeroMemory(secret);
    }

    private static T? One<T>(List<T> rows)
        where T : class? => rows is [{ } row] ? row : null;

    private sealed class ErasedKey(ReadOnlySpan<byte> key) : IDisposable
    {
        internal byte[] Bytes { get; } = key.ToArray();

        public void Dispose() => Erase(Bytes);
    }
}
