using System.Data.Common;
using Npgsql;
using SymRatchet.Keys;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Keys in PostgreSQL, shared by any number of server processes. Thread-safe. An advance is one conditional statement,
/// committed before it is reported. Every call ends within a time limit, whatever the server does, and at once when its
/// token is cancelled; the outcome of a change that was in progress is then reported as unknown. A revocation is
/// announced to all processes that watch.
/// </summary>
/// <remarks>
/// PostgreSQL keeps old row versions for a while, in the table, in its write-ahead log, in replicas and in backups.
/// What this means for forward secrecy between sessions, and how to bound it with a wrapper, is in
/// <c>docs/key-stores.md</c>.
/// </remarks>
public sealed class PostgreSqlKeyStore : IKeyDirectory, IKeyStoreProbe, IKeyStoreMaintenance
{
    /// <summary>What messages call the store.</summary>
    private const string Name = "key database";

    private readonly NpgsqlDataSource _source;
    private readonly PostgreSqlKeyStoreOptions _options;
    private readonly StoreStatements _sql;
    private readonly KeyWrapping _wrapping;
    private readonly RevocationPositions<RevocationPosition> _positions;

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
        _wrapping = new KeyWrapping(options.Wrapper, Name, options.WrapperTimeout);
        _positions = new RevocationPositions<RevocationPosition>(opened);
        Role = role;
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>
    /// Creates the tables of a store where there are none, upgrades those of an earlier version, and opens it. Needs
    /// the right to create tables; <see cref="OpenAsync"/> does not.
    /// </summary>
    /// <param name="source">The database; not disposed with the store.</param>
    /// <param name="role">The one role that the store's keys serve; fixed when the tables are created.</param>
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

    /// <summary>Opens a store whose tables exist.</summary>
    /// <param name="source">The database; not disposed with the store.</param>
    /// <param name="role">The one role that the store's keys serve.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">
    /// The database cannot be used, or does not hold such a store; the message says why.
    /// </exception>
    public static ValueTask<PostgreSqlKeyStore> OpenAsync(
        NpgsqlDataSource source,
        ChannelRole role,
        PostgreSqlKeyStoreOptions? options = null,
        CancellationToken cancellationToken = default
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
                if (!options.MayBeUnfinished)
                    await StoreSchema.RefuseUnfinishedAsync(session, options.Schema).ConfigureAwait(false);
                return new PostgreSqlKeyStore(source, role, options, opened);
            },
            cancellationToken
        );
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

    /// <inheritdoc/>
    public async ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        // One row is found and read, whichever id is asked for.
        WrappedKey decoy = await _wrapping.DecoyAsync(id, cancellationToken).ConfigureAwait(false);
        SealedKeys found = await RunAsync(
                async session =>
                    One(
                        await session
                            .ReadAsync(
                                _sql.Find,
                                row => KeyRow.ReadKeys(row, Role, id, ReadKey, hasDecoys: true),
                                id,
                                decoy.Identity,
                                decoy.Root
                            )
                            .ConfigureAwait(false)
                    )!,
                cancellationToken
            )
            .ConfigureAwait(false);
        return (await _wrapping.UnwrapAsync(found, cancellationToken).ConfigureAwait(false)).Key;
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
        ErasedBytes wrapped = await _wrapping
            .WrapAsync(epochKey, new KeyWrapContext(Role, id, serial, epoch), cancellationToken)
            .ConfigureAwait(false);
        bool isKnown = await RunAsync(
                session => AdvanceAsync(session, id, serial, epoch, wrapped.Value),
                cancellationToken,
                wrapped
            )
            .ConfigureAwait(false);
        if (!isKnown)
            throw KeyStoreErrors.KeyNotFound(id);
    }

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        ClientId id = key.Id;
        long suites = SuiteSet.ToBits(key.Suites);
        long serial = await SerialAsync(cancellationToken).ConfigureAwait(false);
        WrappedKey wrapped = await _wrapping.WrapAsync(key, serial, cancellationToken).ConfigureAwait(false);
        KeyRecord? present = await RunAsync(
                session => session.InTransactionAsync(() => AddAsync(session, key, suites, serial, wrapped)),
                cancellationToken,
                wrapped
            )
            .ConfigureAwait(false);
        if (present is not null)
            throw KeyStoreErrors.DuplicateKey(id, present.Revoked is not null);
    }

    /// <inheritdoc/>
    public ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default) =>
        new KeyRotation(Role, _wrapping).RunAsync(
            key,
            (id, token) => RunAsync(session => StateAsync(session, id), token),
            OpenKeysAsync,
            async token => await SerialAsync(token).ConfigureAwait(false),
            (added, wrapped, serial, expected, token) =>
                RunAsync(
                    session =>
                        session.InTransactionAsync(() => RotateAsync(session, added, serial!.Value, wrapped, expected)),
                    token,
                    wrapped
                ),
            cancellationToken
        );

    /// <inheritdoc/>
    public ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default) =>
        RunAsync(session => RevokeAsync(session, id), cancellationToken);

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
            throw KeyStoreErrors.KeyNotFound(id);
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default) =>
        RunAsync(
            async session => One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, id).ConfigureAwait(false)),
            cancellationToken
        );

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
    public IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default) =>
        new RevocationWatch(_source, _sql, _options, _positions).RunAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ProbeAsync(CancellationToken cancellationToken = default)
    {
        // A handshake also wraps a key, and has opened one before.
        await _wrapping.ProbeAsync(Role, cancellationToken).ConfigureAwait(false);
        await RunAsync(
                async session =>
                {
                    await session
                        .InTransactionAsync(() => session.ExecuteScriptAsync(_sql.Probe))
                        .ConfigureAwait(false);
                    await StoreSchema.CheckAsync(session, _options.Schema, Role).ConfigureAwait(false);
                    return true;
                },
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default) =>
        new KeyRewrap(this, Name, _wrapping, previous).RunAsync(OpenKeysAsync, WriteRewrappedAsync, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>The database itself is not checked.</remarks>
    public async ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken = default)
    {
        List<string> problems = [];
        await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
        {
            string? oddity = KeyRow.OddityOf(record);
            oddity ??= await ProblemOfAsync(record.Id, cancellationToken).ConfigureAwait(false);
            if (oddity is not null)
                problems.Add($"{record.Id}: {oddity}");
        }

        return problems;
    }

    private async ValueTask<string?> ProblemOfAsync(ClientId id, CancellationToken cancellationToken)
    {
        (OpenedKeys? opened, KeyStoreException? failure) = await OpenKeysAsync(id, _wrapping, cancellationToken)
            .ConfigureAwait(false);
        opened?.Dispose();
        return failure?.Message;
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
            (await session.ChangeAsync(() => session.ReadAsync(_sql.Revoke, _ => true, id)).ConfigureAwait(false)).Count
            == 1
        )
            return true;
        if (
            (
                await session.ChangeAsync(() => session.ReadAsync(_sql.IsRevoked, _ => true, id)).ConfigureAwait(false)
            ).Count == 0
        )
            await session.CheckDurabilityAsync().ConfigureAwait(false);
        return false;
    }

    private async ValueTask<KeyRecord?> AddAsync(
        StoreSession session,
        StoredKey key,
        long suites,
        long serial,
        WrappedKey wrapped
    )
    {
        int added = await session
            .ExecuteAsync(
                _sql.Add,
                key.Id,
                (int)key.Protocol,
                (int)key.Evolution,
                suites,
                serial,
                wrapped.Identity,
                key.Epoch,
                wrapped.Root,
                key.LastSeen?.ToUnixTimeMilliseconds()
            )
            .ConfigureAwait(false);
        return added == 1
            ? null
            : One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, key.Id).ConfigureAwait(false));
    }

    private ValueTask<long> SerialAsync(CancellationToken cancellationToken) =>
        RunAsync(session => session.NumberAsync(_sql.NextSerial), cancellationToken);

    private async ValueTask<(KeyState? State, KeyRecord? Record)> StateAsync(StoreSession session, ClientId id)
    {
        List<KeyState> states = await session.ReadAsync(_sql.State, KeyState.Read, id).ConfigureAwait(false);
        KeyRecord? record = One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, id).ConfigureAwait(false));
        return (states is [KeyState state] ? state : null, record);
    }

    // Returns false if the identity has other keys by now than those with which the new one was compared.
    private async ValueTask<bool> RotateAsync(
        StoreSession session,
        StoredKey key,
        long serial,
        WrappedKey wrapped,
        KeyState expected
    )
    {
        KeyRecord current =
            One(await session.ReadAsync(_sql.DescribeToChange, KeyRow.ReadRecord, key.Id).ConfigureAwait(false))
            ?? throw KeyStoreErrors.KeyNotFound(key.Id);
        List<KeyState> states = await session.ReadAsync(_sql.State, KeyState.Read, key.Id).ConfigureAwait(false);
        if (states is not [KeyState state] || !state.HasSameKeys(expected))
            return false;
        KeyStoreRules.CheckRotation(Role, key, current);
        string sql = KeyStoreRules.IsReplacedAtOnce(Role, current) ? _sql.Replace : _sql.Queue;
        await session.ExecuteAsync(sql, key.Id, serial, wrapped.Identity, wrapped.Root).ConfigureAwait(false);
        return true;
    }

    private async ValueTask<(bool IsWritten, KeyStoreException? Failure)> WriteRewrappedAsync(
        ClientId id,
        WrappedKey wrapped,
        KeyState expected,
        byte[] digestOfRoot,
        CancellationToken cancellationToken
    )
    {
        int count = await RunAsync(
                session =>
                    session.InTransactionAsync(() =>
                        session.ExecuteAsync(
                            _sql.Rewrap,
                            id,
                            wrapped.Identity,
                            wrapped.Root,
                            wrapped.Next?.Identity,
                            wrapped.Next?.Root,
                            expected.Serial,
                            expected.Epoch,
                            expected.Next,
                            digestOfRoot
                        )
                    ),
                cancellationToken,
                wrapped
            )
            .ConfigureAwait(false);
        return (count == 1, null);
    }

    // A failure of a row or its keys is returned; one of the database, or a wrapper that does not answer, is thrown.
    private async ValueTask<(OpenedKeys? Opened, KeyStoreException? Failure)> OpenKeysAsync(
        ClientId id,
        KeyWrapping opening,
        CancellationToken cancellationToken
    )
    {
        KeyStoreException? damage = null;
        SealedKeys? Read(DbDataReader row)
        {
            try
            {
                return KeyRow.ReadKeys(row, Role, id, ReadKey, hasDecoys: false);
            }
            catch (KeyStoreException e)
            {
                damage = e;
                return null;
            }
        }

        SealedKeys? found = await RunAsync(
                async session => One(await session.ReadAsync(_sql.FindToChange, Read, id).ConfigureAwait(false)),
                cancellationToken
            )
            .ConfigureAwait(false);
        if (found is null)
            return (null, damage);
        try
        {
            return (await opening.UnwrapToRewrapAsync(found, cancellationToken).ConfigureAwait(false), null);
        }
        catch (KeyStoreException e) when (!KeyWrapping.IsTimeout(e))
        {
            return (null, e);
        }
    }

    private ValueTask<T> RunAsync<T>(
        Func<StoreSession, ValueTask<T>> call,
        CancellationToken cancellationToken,
        IDisposable? secrets = null
    ) => StoreSession.RunAsync(_source, _options.Timeout, call, cancellationToken, secrets);

    private static byte[] ReadKey(DbDataReader row, int column)
    {
        byte[] bytes = KeyMemory.Allocate(checked((int)row.GetBytes(column, 0, null, 0, 0)));
        row.GetBytes(column, 0, bytes, 0, bytes.Length);
        return bytes;
    }

    private static T? One<T>(List<T> rows)
        where T : class? => rows is [{ } row] ? row : null;
}
