using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace SymRatchet.KeyStores.Sqlite;

/// <summary>
/// Keys in one SQLite file, for a server or a client. Thread-safe, and safe among processes that open the same file. An advance is on the
/// disk before it is reported, and the key that it replaced is in none of the store's files any more. Advances that arrive together share
/// one wait for the disk.
/// </summary>
/// <remarks>
/// The file is created for its owner alone, and refused where others may use it (on Unix; on Windows the rights are the folder's). Put it on
/// a local disk: SQLite's log does not work on network file systems.
/// </remarks>
public sealed class SqliteKeyStore : IKeyDirectory, IAsyncDisposable
{
    private readonly string _path;
    private readonly SqliteKeyStoreOptions _options;
    private readonly GroupWriter _writer;
    private readonly ConcurrentBag<KeyReader> _readers = [];
    private volatile bool _disposed;

    private SqliteKeyStore(string path, ChannelRole role, SqliteKeyStoreOptions options)
    {
        _path = path;
        _options = options;
        Role = role;
        _writer = new GroupWriter(path, Connect, connection => new KeyWrites(connection, role, options.Wrapper));
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>Opens a store, and creates its file where there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="role">The one role that the store's keys serve; fixed when the file is created.</param>
    /// <param name="options">How the store behaves; defaults where null.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="KeyStoreException">The file cannot be used; the message says why.</exception>
    public static SqliteKeyStore Open(string path, ChannelRole role, SqliteKeyStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new SqliteKeyStoreOptions();
        options.Validate();
        path = Path.GetFullPath(path);
        StoreFile.Prepare(path, options.MustExist);
        try
        {
            using SqliteConnection connection = StoreConnection.Open(path, options.BusyTimeout);
            StoreSchema.Ensure(connection, path, role);

            // A process that was killed between a commit and the end of it has left its log, and old keys in the file beneath.
            GroupWriter.CleanLog(connection, path);
        }
        catch (SqliteException e)
        {
            throw StoreFailure.Of(path, e);
        }

        return new SqliteKeyStore(path, role, options);
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default) =>
        new(Read(reader => reader.Find(id)));

    /// <inheritdoc/>
    public async ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long serial, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default)
    {
        byte[] name = id.ToArray();
        byte[] wrapped = _options.Wrapper.Wrap(epochKey.Span, new KeyPlace(Role, name, serial, epoch));
        await ChangeAsync(writes => writes.Advance(name, serial, epoch, wrapped, Now()), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        await ChangeAsync(writes => writes.Add(key, Now()), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        await ChangeAsync(writes => writes.Rotate(key), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RevokeAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default)
    {
        byte[] name = id.ToArray();
        return await _writer.WriteAsync(writes => writes.Revoke(name, Now()), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RestrictAsync(ReadOnlyMemory<byte> id, IReadOnlyList<CipherSuiteId> suites, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckSuites(suites);
        byte[] name = id.ToArray();
        await ChangeAsync(writes => writes.Restrict(name, suites), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default) =>
        new(Read(reader => reader.Describe(id)));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(ReadOnlyMemory<byte> after, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return new(Read(reader => reader.List(after, limit)));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> WatchRevocationsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using RevocationWatch watch = new(Connect, _options);
        await foreach (ReadOnlyMemory<byte> id in watch.RunAsync(cancellationToken).ConfigureAwait(false))
            yield return id;
    }

    /// <summary>
    /// Wraps every key again as <see cref="SqliteKeyStoreOptions.Wrapper"/> does it now, so that a wrapping key that is no longer used can be destroyed,
    /// or that keys which were plain are wrapped from now on.
    /// </summary>
    /// <param name="previous">What opens the keys as they are now, where it is not the store's own wrapper.</param>
    /// <param name="cancellationToken">Ends the work between two identities; it can be done again.</param>
    /// <returns>How many identities were wrapped again.</returns>
    /// <exception cref="KeyStoreException">A key cannot be opened. Those before it are wrapped again.</exception>
    public async ValueTask<int> RewrapAsync(IKeyWrapper? previous = null, CancellationToken cancellationToken = default)
    {
        int count = 0;
        await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
            count += await RewrapAsync(record.Id.ToArray(), previous, cancellationToken).ConfigureAwait(false) ? 1 : 0;
        return count;
    }

    /// <summary>Looks for damage in the whole file, keys included.</summary>
    /// <param name="cancellationToken">Ends the look between two keys.</param>
    /// <returns>What is wrong, in words; empty where nothing is.</returns>
    /// <exception cref="KeyStoreException">The file cannot be read at all.</exception>
    public async ValueTask<IReadOnlyList<string>> CheckAsync(CancellationToken cancellationToken = default)
    {
        List<string> problems = [.. Read(reader => reader.Check())];
        await foreach (KeyRecord record in this.ListAllAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                using StoredKey? key = await FindAsync(record.Id, cancellationToken).ConfigureAwait(false);
            }
            catch (KeyStoreException e)
            {
                problems.Add($"{record.Name}: {e.Message}");
            }
        }

        return problems;
    }

    /// <summary>Finishes what is being written and closes the file.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;
        await _writer.DisposeAsync().ConfigureAwait(false);
        while (_readers.TryTake(out KeyReader? reader))
            reader.Dispose();
    }

    private async ValueTask<bool> RewrapAsync(byte[] id, IKeyWrapper? previous, CancellationToken cancellationToken)
    {
        try
        {
            return await _writer.WriteAsync(writes => writes.Rewrap(id, previous), cancellationToken).ConfigureAwait(false);
        }
        catch (CryptographicException e)
        {
            throw StoreFailure.Of(_path, e);
        }
    }

    private async ValueTask ChangeAsync(Action<KeyWrites> change, CancellationToken cancellationToken)
    {
        await _writer.WriteAsync(
            writes =>
            {
                change(writes);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    // A read takes microseconds and waits for no writer, so it is done where it was asked for.
    private T Read<T>(Func<KeyReader, T> read)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        KeyReader? reader = null;
        try
        {
            if (!_readers.TryTake(out reader))
                reader = new KeyReader(Connect(), Role, _options.Wrapper);
            T result = read(reader);
            _readers.Add(reader);
            reader = null;
            return result;
        }
        catch (SqliteException e)
        {
            throw StoreFailure.Of(_path, e);
        }
        catch (CryptographicException e)
        {
            throw StoreFailure.Of(_path, e);
        }
        finally
        {
            reader?.Dispose();
        }
    }

    private SqliteConnection Connect() => StoreConnection.Open(_path, _options.BusyTimeout);

    private DateTimeOffset Now() => _options.TimeProvider.GetUtcNow();
}
