using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SymRatchet.Keys;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Keys in one SQLite file, for a server or a client. Thread-safe, and safe among processes that open the same file. An
/// advance is on the disk before it is reported, and the key that it replaced is in none of the store's files any more,
/// unless another process reads the file for long; <c>docs/key-stores.md</c> says what holds then. Advances that arrive
/// together share one wait for the disk.
/// </summary>
/// <remarks>
/// The file is created for its owner alone, and refused where others may use it (on Unix; on Windows the rights are the
/// folder's). Put it on a local disk: SQLite's log does not work on network file systems. While a store is open its
/// files may not be replaced or removed; on Linux it notices, and fails.
/// </remarks>
public sealed class SqliteKeyStore : IKeyDirectory, IKeyStoreProbe, IKeyStoreMaintenance, IAsyncDisposable
{
    private readonly string _path;
    private readonly string _name;
    private readonly SqliteKeyStoreOptions _options;
    private readonly TimeSpan _limit;
    private readonly StoreUse? _use;
    private readonly SqliteConnection _anchor;
    private readonly StoreFiles _files;
    private readonly KeyWrapping _wrapping;
    private readonly GroupWriter _writer;
    private readonly ConcurrentBag<KeyReader> _readers = [];
    private readonly RevocationPositions<RevocationPosition> _positions;
    private volatile bool _disposed;

    private SqliteKeyStore(
        string path,
        ChannelRole role,
        SqliteKeyStoreOptions options,
        StoreUse? use,
        SqliteConnection anchor,
        StoreFiles files,
        LogCleaner cleaner,
        RevocationPosition lastRevocation
    )
    {
        _path = path;
        _name = $"key store {path}";
        _options = options;
        _limit = 3 * options.BusyTimeout;
        _use = use;
        _anchor = anchor;
        _files = files;
        _positions = new RevocationPositions<RevocationPosition>(lastRevocation);
        Role = role;
        _wrapping = new KeyWrapping(options.Wrapper, _name, options.WrapperTimeout);
        _writer = new GroupWriter(path, files, cleaner, _limit, Connect, connection => new KeyWrites(connection, role));
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>
    /// Opens a store, and creates its file where there is none. A store of an older version is upgraded.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="role">The one role that the store's keys serve; fixed when the file is created.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="KeyStoreException">The file cannot be used; the message says why.</exception>
    public static SqliteKeyStore Open(string path, ChannelRole role, SqliteKeyStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options = (options ?? new SqliteKeyStoreOptions()).Validated();
        string named = Path.GetFullPath(path);
        path = StoreFile.Prepare(named, options.CreateIfMissing);
        StoreUse? use = null;
        SqliteConnection? anchor = null;
        try
        {
            FileStatus? file = FileStatus.IsSupported ? FileStatus.Of(path) ?? throw StoreFailure.Replaced(path) : null;
            if (file is { } used)
                use = StoreUse.Begin(path, used, options.BusyTimeout);

            // This connection stays open, so that the files which it has opened are those whose numbers are remembered.
            anchor = StoreConnection.Open(path, options.BusyTimeout);
            StoreSchema.Ensure(anchor, path, role);
            if (!options.MayBeUnfinished && anchor.Number("SELECT count(*) FROM store WHERE name = 'unfinished'") != 0)
                throw StoreFailure.Unfinished(path);
            StoreFile.CheckRights(path);
            StoreFiles files = new(named, path);
            if (file is { } before && !(FileStatus.Of(path)?.IsSameFile(before) ?? false))
                throw StoreFailure.Replaced(path);

            // A process that was killed between a commit and its end has left its log, and old keys in the database
            // file.
            LogCleaner cleaner = new(path, options);
            cleaner.Clean(anchor);
            SqliteKeyStore store = new(
                path,
                role,
                options,
                use,
                anchor,
                files,
                cleaner,
                RevocationPosition.Last(anchor)
            );
            use = null;
            anchor = null;
            return store;
        }
        catch (SqliteException e)
        {
            throw StoreFailure.Of(path, e);
        }
        finally
        {
            anchor?.Dispose();
            use?.Dispose();
        }
    }

    /// <summary>
    /// Returns whether a program has a store open, this one included. For programs that copy a file or replace it.
    /// </summary>
    /// <param name="path">The file; one that does not exist is not in use.</param>
    /// <returns>
    /// Whether it is in use. Always false on systems other than Linux, where a program does not say so.
    /// </returns>
    /// <exception cref="KeyStoreException">That cannot be determined; the message says why.</exception>
    public static bool IsInUse(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return StoreUse.IsInUse(path);
    }

    /// <inheritdoc/>
    public async ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        WrappedKey decoy = await _wrapping.DecoyAsync(id, cancellationToken).ConfigureAwait(false);
        SealedKeys found = await ReadAsync(reader => reader.Find(id, decoy), cancellationToken).ConfigureAwait(false);
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
        await ChangeAsync(
                writes => writes.Advance(id, serial, epoch, wrapped.Value, Now()),
                wrapped,
                cancellationToken,
                isAdvance: true
            )
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        long suites = SuiteSet.ToBits(key.Suites);
        long? serial = await SerialAsync(cancellationToken).ConfigureAwait(false);
        WrappedKey wrapped = await _wrapping.WrapAsync(key, serial ?? 0, cancellationToken).ConfigureAwait(false);
        await ChangeAsync(writes => writes.Add(key, suites, wrapped, serial, Now()), wrapped, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default) =>
        new KeyRotation(Role, _wrapping).RunAsync(
            key,
            (id, token) => ReadAsync(reader => (reader.State(id), reader.Describe(id)), token),
            OpenKeysAsync,
            SerialAsync,
            (added, wrapped, serial, expected, token) =>
                _writer.WriteAsync(
                    writes => writes.Rotate(added, wrapped, serial, expected),
                    wrapped,
                    isAdvance: false,
                    token
                ),
            cancellationToken
        );

    /// <inheritdoc/>
    public ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default) =>
        _writer.WriteAsync(writes => writes.Revoke(id, Now()), null, isAdvance: false, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RestrictAsync(
        ClientId id,
        IReadOnlyList<CipherSuiteId> suites,
        CancellationToken cancellationToken = default
    )
    {
        KeyStoreRules.CheckSuites(suites);
        long bits = SuiteSet.ToBits(suites);
        await ChangeAsync(writes => writes.Restrict(id, bits), null, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default) =>
        ReadAsync(reader => reader.Describe(id), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
        ClientId? after,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        byte[] last = after.GetValueOrDefault().ToArray();
        return ReadAsync(reader => reader.List(last, limit), cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default) =>
        WatchAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ProbeAsync(CancellationToken cancellationToken = default)
    {
        // A handshake also finds a key, opens it and wraps the next one.
        (await FindAsync(DecoyKeys.Nobody, cancellationToken).ConfigureAwait(false))?.Dispose();
        await _wrapping.ProbeAsync(Role, cancellationToken).ConfigureAwait(false);
        if (
            !await _writer
                .WriteAsync(writes => writes.Probe(), null, isAdvance: true, cancellationToken)
                .ConfigureAwait(false)
        )
            throw new KeyStoreException($"The key store {_path} is damaged: it does not count probes.");
    }

    /// <inheritdoc/>
    public ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default) =>
        new KeyRewrap(this, _name, _wrapping, previous).RunAsync(OpenKeysAsync, WriteRewrappedAsync, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Reads the whole file.</remarks>
    public async ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken = default)
    {
        List<string> problems =
        [
            .. await ReadAsync(reader => reader.Check(), cancellationToken, Timeout.InfiniteTimeSpan)
                .ConfigureAwait(false),
        ];
        try
        {
            await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (await OddityOfAsync(record, cancellationToken).ConfigureAwait(false) is { } oddity)
                    problems.Add($"{record.Id}: {oddity}");
            }
        }
        catch (KeyStoreException e)
        {
            problems.Add(e.Message); // a page is damaged, or the wrapper does not answer: the rest is not checked
        }

        return problems;
    }

    /// <summary>Finishes what is being written and closes the file. A call that hangs is abandoned.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _writer.DisposeAsync().ConfigureAwait(false);
        CloseReaders();
        _anchor.Dispose();
        _use?.Dispose();
    }

    // Plain keys need no serial before the change that writes them, which takes one itself: one wait for the disk.
    private async ValueTask<long?> SerialAsync(CancellationToken cancellationToken) =>
        _wrapping.IsPlain
            ? null
            : await _writer
                .WriteAsync(writes => writes.NextSerial(), null, isAdvance: false, cancellationToken)
                .ConfigureAwait(false);

    private async ValueTask<(OpenedKeys? Opened, KeyStoreException? Failure)> OpenKeysAsync(
        ClientId id,
        KeyWrapping opening,
        CancellationToken cancellationToken
    )
    {
        try
        {
            SealedKeys? found = await ReadAsync(reader => reader.Read(id), cancellationToken).ConfigureAwait(false);
            return found is null
                ? (null, null)
                : (await opening.UnwrapToRewrapAsync(found, cancellationToken).ConfigureAwait(false), null);
        }
        catch (KeyStoreException e) when (!KeyWrapping.IsTimeout(e))
        {
            _files.Check(); // a file that was replaced is not this identity's failure
            return (null, e);
        }
    }

    private async ValueTask<(bool IsWritten, KeyStoreException? Failure)> WriteRewrappedAsync(
        ClientId id,
        WrappedKey wrapped,
        KeyState expected,
        byte[] digestOfRoot,
        CancellationToken cancellationToken
    )
    {
        try
        {
            bool isWritten = await _writer
                .WriteAsync(
                    writes => writes.Rewrap(id, wrapped, expected, digestOfRoot),
                    wrapped,
                    isAdvance: false,
                    cancellationToken
                )
                .ConfigureAwait(false);
            return (isWritten, null);
        }
        catch (KeyStoreException e) when (!KeyWrapping.IsTimeout(e))
        {
            _files.Check();
            return (false, e);
        }
    }

    private async ValueTask<string?> OddityOfAsync(KeyRecord record, CancellationToken cancellationToken)
    {
        try
        {
            if (KeyRow.OddityOf(record) is { } oddity)
                return oddity;
            using StoredKey? key = await FindAsync(record.Id, cancellationToken).ConfigureAwait(false);
            bool isLost =
                key is null
                && (await DescribeAsync(record.Id, cancellationToken).ConfigureAwait(false))?.Revoked is null;
            return isLost ? "it has no key, and was not revoked" : null;
        }
        catch (KeyStoreException e) when (!KeyWrapping.IsTimeout(e))
        {
            return e.Message;
        }
    }

    private async IAsyncEnumerable<ClientId> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using RevocationWatch watch = new(Connect, _files, _options, _positions.Start());
        try
        {
            await foreach (
                ClientId id in watch
                    .RunAsync(poll => RunAsync(poll, _limit, cancellationToken), cancellationToken)
                    .ConfigureAwait(false)
            )
                yield return id;
        }
        finally
        {
            if (!cancellationToken.IsCancellationRequested)
                _positions.End(watch.Reported);
        }
    }

    private async ValueTask ChangeAsync(
        Action<KeyWrites> change,
        IDisposable? owned,
        CancellationToken cancellationToken,
        bool isAdvance = false
    )
    {
        await _writer
            .WriteAsync(
                writes =>
                {
                    change(writes);
                    return true;
                },
                owned,
                isAdvance,
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    private async ValueTask<T> ReadAsync<T>(
        Func<KeyReader, T> read,
        CancellationToken cancellationToken,
        TimeSpan? limit = null
    ) => await RunAsync(() => Read(read), limit ?? _limit, cancellationToken).ConfigureAwait(false);

    // It waits for no writer. But a disk may hang, and the caller must not hang with it.
    private async Task<T> RunAsync<T>(Func<T> work, TimeSpan limit, CancellationToken cancellationToken)
    {
        var running = Task.Run(work, cancellationToken);
        try
        {
            await ((Task)running)
                .WaitAsync(limit, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (running.IsCompleted)
                return await running.ConfigureAwait(false);
            running.Abandon();
            cancellationToken.ThrowIfCancellationRequested();
            throw StoreFailure.Late(_path, limit, isOutcomeUnknown: false);
        }
        catch (SqliteException e)
        {
            throw StoreFailure.Of(_path, e);
        }
    }

    private T Read<T>(Func<KeyReader, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _files.Check();
        KeyReader? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
                reader = new KeyReader(ConnectReader(), Role);
            T result = read(reader);
            _readers.Add(reader);
            reader = null;
            return result;
        }
        finally
        {
            reader?.Dispose();
            if (_disposed)
                CloseReaders();
        }
    }

    private void CloseReaders()
    {
        while (_readers.TryTake(out KeyReader? reader))
            reader.Dispose();
    }

    // The files were those of this store before and after, so they were when the connection opened them.
    private SqliteConnection Connect()
    {
        SqliteConnection connection = StoreConnection.Open(_path, _options.BusyTimeout);
        try
        {
            _files.Check();
            return connection;
        }
        catch (KeyStoreException)
        {
            connection.Dispose();
            throw;
        }
    }

    // A page that an idle reader kept would hold keys that the writer has replaced since.
    private SqliteConnection ConnectReader()
    {
        SqliteConnection connection = Connect();
        try
        {
            connection.Execute("PRAGMA cache_size = 0");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private DateTimeOffset Now() => _options.TimeProvider.GetUtcNow();
}
