using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Npgsql;

namespace SymRatchet.KeyStores.PostgreSql;

/// <summary>
/// Keys in PostgreSQL, shared by any number of server processes. Thread-safe. An advance is one conditional statement, committed before it is
/// reported, and every call ends within a time limit. A revocation is announced to all processes that watch.
/// </summary>
/// <remarks>
/// PostgreSQL keeps old row versions for a while, in the table, in its write-ahead log, in replicas and in backups. What this means for
/// forward secrecy between sessions, and how to bound it with a wrapper, is in <c>docs/key-stores.md</c>.
/// </remarks>
public sealed class PostgreSqlKeyStore : IKeyDirectory
{
    private readonly NpgsqlDataSource _source;
    private readonly PostgreSqlKeyStoreOptions _options;
    private readonly StoreStatements _sql;

    private PostgreSqlKeyStore(NpgsqlDataSource source, ChannelRole role, PostgreSqlKeyStoreOptions options)
    {
        _source = source;
        _options = options;
        _sql = new StoreStatements(options.Schema);
        Role = role;
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>Makes the tables of a store where there are none, and opens it. Needs the right to make them; <see cref="OpenAsync"/> does not.</summary>
    /// <param name="source">The database; not disposed with the store.</param>
    /// <param name="role">The one role that the store's keys serve; fixed when the tables are made.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">The database cannot be used; the message says why.</exception>
    public static async ValueTask<PostgreSqlKeyStore> CreateAsync(
        NpgsqlDataSource source, ChannelRole role, PostgreSqlKeyStoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new PostgreSqlKeyStoreOptions();
        options.Validate();
        await StoreSession.RunAsync(source, options.Timeout, async session =>
        {
            await StoreSchema.CreateAsync(session, options.Schema, role).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);
        return await OpenAsync(source, role, options, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens a store whose tables are there.</summary>
    /// <param name="source">The database; not disposed with the store.</param>
    /// <param name="role">The one role that the store's keys serve.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="KeyStoreException">The database cannot be used, or holds no such store; the message says why.</exception>
    public static async ValueTask<PostgreSqlKeyStore> OpenAsync(
        NpgsqlDataSource source, ChannelRole role, PostgreSqlKeyStoreOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new PostgreSqlKeyStoreOptions();
        options.Validate();
        return await StoreSession.RunAsync(source, options.Timeout, async session =>
        {
            await StoreSchema.CheckAsync(session, options.Schema, role).ConfigureAwait(false);
            return new PostgreSqlKeyStore(source, role, options);
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        byte[] name = id.ToArray();
        return RunAsync(async session => One(await session.ReadAsync(_sql.Find, row => KeyRow.ReadKey(row, Role, name, new UnwrappedKeys(_options.Wrapper)), name).ConfigureAwait(false)), cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long serial, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default)
    {
        byte[] name = id.ToArray();
        byte[] wrapped = _options.Wrapper.Wrap(epochKey.Span, new KeyPlace(Role, name, serial, epoch));
        try
        {
            bool isKnown = await RunAsync(
                async session => await session.ExecuteAsync(_sql.Advance, name, serial, epoch, wrapped).ConfigureAwait(false) == 1
                    || (await session.ReadAsync(_sql.Knows, _ => true, name, serial).ConfigureAwait(false)).Count == 1,
                cancellationToken).ConfigureAwait(false);
            if (!isKnown)
                throw KeyStoreRules.Unknown(name);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(wrapped);
        }
    }

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        byte[] name = key.Id.ToArray();
        KeyRecord? present = await RunAsync(async session =>
        {
            long serial = await session.NumberAsync(_sql.NextSerial).ConfigureAwait(false);
            var wrapped = WrappedKey.Of(key, serial, _options.Wrapper);
            int added = await session.ExecuteAsync(
                _sql.Add, name, (int)key.Protocol, (int)key.Evolution, SuiteSet.ToBits(key.Suites), serial, wrapped.Identity, key.Epoch, wrapped.Root,
                key.LastSeen?.ToUnixTimeMilliseconds()).ConfigureAwait(false);
            return added == 1 ? null : One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, name).ConfigureAwait(false));
        }, cancellationToken).ConfigureAwait(false);
        if (present is not null)
            throw KeyStoreRules.Present(name, present.Revoked is not null);
    }

    /// <inheritdoc/>
    public async ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[] name = key.Id.ToArray();
        await RunAsync(session => session.InTransactionAsync(async () =>
        {
            KeyRecord current = One(await session.ReadAsync(_sql.DescribeToChange, KeyRow.ReadRecord, name).ConfigureAwait(false)) ?? throw KeyStoreRules.Unknown(name);
            KeyStoreRules.CheckRotation(Role, key, current);
            long serial = await session.NumberAsync(_sql.NextSerial).ConfigureAwait(false);
            var wrapped = WrappedKey.Of(key, serial, _options.Wrapper);
            string sql = KeyStoreRules.IsReplacedAtOnce(Role, current) ? _sql.Replace : _sql.Queue;
            return await session.ExecuteAsync(sql, name, serial, wrapped.Identity, wrapped.Root).ConfigureAwait(false);
        }), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RevokeAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default) =>
        RunAsync(async session => (await session.ReadAsync(_sql.Revoke, _ => true, id.ToArray()).ConfigureAwait(false)).Count == 1, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RestrictAsync(ReadOnlyMemory<byte> id, IReadOnlyList<CipherSuiteId> suites, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckSuites(suites);
        if (await RunAsync(session => session.ExecuteAsync(_sql.Restrict, id.ToArray(), SuiteSet.ToBits(suites)), cancellationToken).ConfigureAwait(false) == 0)
            throw KeyStoreRules.Unknown(id.Span);
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default) =>
        RunAsync(async session => One(await session.ReadAsync(_sql.Describe, KeyRow.ReadRecord, id.ToArray()).ConfigureAwait(false)), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return RunAsync<IReadOnlyList<KeyRecord>>(async session => await session.ReadAsync(_sql.List, KeyRow.ReadRecord, after.ToArray(), limit).ConfigureAwait(false), cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> WatchRevocationsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var told = System.Threading.Channels.Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task listening = new RevocationListener(_source, _sql, _options, told.Writer).RunAsync(ending.Token);
        try
        {
            await foreach (ReadOnlyMemory<byte> id in told.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return id;
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Wraps every key again as <see cref="PostgreSqlKeyStoreOptions.Wrapper"/> does it now, so that a wrapping key that is no longer used can be
    /// destroyed, and with it every old copy of the rows that were under it.
    /// </summary>
    /// <param name="previous">What opens the keys as they are now, where it is not the store's own wrapper.</param>
    /// <param name="cancellationToken">Ends the work between two identities; it can be done again.</param>
    /// <returns>How many identities were wrapped again.</returns>
    /// <exception cref="KeyStoreException">A key cannot be opened. Those before it are wrapped again.</exception>
    public async ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default)
    {
        int count = 0;
        await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
            count += await RunAsync(session => session.InTransactionAsync(() => RewrapAsync(session, record.Id.ToArray(), previous)), cancellationToken).ConfigureAwait(false) ? 1 : 0;
        return count;
    }

    private async ValueTask<bool> RewrapAsync(StoreSession session, byte[] id, IKeyWrapper? previous)
    {
        UnwrappedKeys keys = new(previous ?? _options.Wrapper);
        using StoredKey? opened = One(await session.ReadAsync(_sql.FindToRewrap, row => KeyRow.ReadKey(row, Role, id, keys), id).ConfigureAwait(false));
        if (opened is null || (previous is null && keys.AreCurrent))
            return false;
        var wrapped = WrappedKey.Of(opened, opened.Serial, _options.Wrapper);
        WrappedKey? next = opened.Successor is { } successor ? WrappedKey.Of(successor, successor.Serial, _options.Wrapper) : null;
        await session.ExecuteAsync(_sql.Rewrap, id, wrapped.Identity, wrapped.Root, next?.Identity, next?.Root).ConfigureAwait(false);
        return true;
    }

    private ValueTask<T> RunAsync<T>(Func<StoreSession, ValueTask<T>> call, CancellationToken cancellationToken) =>
        StoreSession.RunAsync(_source, _options.Timeout, call, cancellationToken);

    private static T? One<T>(List<T> rows)
        where T : class => rows is [{ } row] ? row : null;
}
