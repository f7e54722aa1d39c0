using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>Stores the key of one identity in one file: the durable store of a client without a database.</summary>
/// <remarks>
/// <para>
/// The file is the credential that was copied to the device; the first <see cref="OpenAsync"/> turns it into a store,
/// in place. Thread-safe.
/// </para>
/// <para>
/// A change syncs the disk twice: after the new key is written, and after the old one is overwritten; then the change
/// is reported. A crash or a power failure at any instant leaves the old or the new state, and the next opening erases
/// the rest of the other. The PSK of a credential is overwritten and synced before <see cref="OpenAsync"/> returns.
/// </para>
/// <para>
/// Only the file is overwritten. Copy-on-write file systems (btrfs, ZFS, snapshots, a data journal) and solid-state
/// disks may keep old blocks, and the store does not know of copies and backups of the credential. Keys are not wrapped
/// (<see cref="IKeyWrapper"/>); encrypt the disk where that matters.
/// </para>
/// <para>
/// The file is locked while it is open: opening it again, in this process or elsewhere, fails. On Linux the file must
/// belong to the user of the program or to root, must not be a symbolic link, and must not be moved; on other systems
/// less is checked, see <see cref="PreSharedKey.FromCredentialFile"/>. For several identities use the SQLite store.
/// </para>
/// </remarks>
public sealed class KeyFile : IKeyDirectory, IKeyStoreProbe, IAsyncDisposable
{
    private readonly Lock _reading = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly RevocationFeed _revocations = new();
    private readonly KeyFileSlots _slots;
    private readonly KeyFileOptions _options;
    private readonly string _path;
    private KeyFileSlot _state;
    private Exception? _failure;
    private volatile bool _disposed;

    private KeyFile(string path, ChannelRole role, KeyFileOptions options, KeyFileSlots slots, KeyFileSlot state)
    {
        _path = path;
        _options = options;
        _slots = slots;
        _state = state;
        Role = role;
    }

    /// <inheritdoc/>
    public ChannelRole Role { get; }

    /// <summary>Gets the id of the identity; null if the file holds none.</summary>
    /// <exception cref="KeyStoreException">An earlier change of the file failed.</exception>
    /// <exception cref="ObjectDisposedException">The store was disposed.</exception>
    /// <remarks><see cref="SecureChannelClientOptions.ClientId"/> can be left unset with a key file.</remarks>
    public ClientId? ClientId
    {
        get
        {
            lock (_reading)
            {
                ThrowIfUnusable();
                return _state.IsEmpty ? default(ClientId?) : _state.Id;
            }
        }
    }

    /// <summary>Opens a key file, or turns a credential file into one.</summary>
    /// <param name="path">The file, accessible to its owner only (<c>chmod 600</c>).</param>
    /// <param name="role">The role of the key, which the first opening writes into the file permanently.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <param name="cancellationToken">Cancels the wait; the credential may still be turned into a store.</param>
    /// <returns>The store.</returns>
    /// <exception cref="ArgumentException">An option or the role is out of range, or the path is empty.</exception>
    /// <exception cref="KeyStoreException">
    /// The file is in use, is accessible to others, serves the other role, is damaged, is neither a credential nor a
    /// key file, or cannot be read or written. A credential is unchanged, or the store is complete.
    /// </exception>
    public static async Task<KeyFile> OpenAsync(
        string path,
        ChannelRole role = ChannelRole.Client,
        KeyFileOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options = (options ?? new KeyFileOptions()).Validated();
        if (!Enum.IsDefined(role))
            throw new ArgumentException($"There is no role {role}.", nameof(role));

        path = Path.GetFullPath(path);
        Task<KeyFile> opening = Task.Run(
            () => Open(path, role, options, () => new KeyFileHandle(path, options.CreateIfMissing)),
            cancellationToken
        );
        try
        {
            return await opening.WaitAsync(options.Timeout, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _ = CloseWhenOpenedAsync(opening);
            throw TimedOut(path, options, isOutcomeUnknown: true);
        }
        catch (OperationCanceledException)
        {
            _ = CloseWhenOpenedAsync(opening);
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_reading)
        {
            ThrowIfUnusable();
            _slots.CheckInPlace();
            if (_state.IsEmpty)
                return new((StoredKey?)null);

            // Two keys are read for every id, so that the time does not reveal whether it is known or has a successor.
            StoredKey key = _state.ReadKey();
            if (key.Successor is null)
                _state.ReadKey().Dispose();
            if (_state.HasKey && _state.IsOf(id))
                return new(key);
            key.Dispose();
            return new((StoredKey?)null);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="KeyStoreException">
    /// The key did not move or, if <see cref="KeyStoreException.IsOutcomeUnknown"/> is set, may have moved. After a
    /// failed write every call fails until the file is opened again.
    /// </exception>
    public ValueTask AdvanceAsync(
        ClientId id,
        long serial,
        long epoch,
        ReadOnlyMemory<byte> epochKey,
        CancellationToken cancellationToken = default
    ) =>
        ChangeAsync(
            next =>
            {
                // Checked after the wait for earlier changes, during which the caller may have erased the key.
                KeyStoreRules.CheckIsNotErased(id, epochKey.Span);
                CheckHolds(id, next);
                return next.Advance(serial, epoch, epochKey.Span, _options.TimeProvider.GetUtcNow());
            },
            cancellationToken
        );

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// The file holds this id or another one already: a key file holds one identity.
    /// </exception>
    public ValueTask AddAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        KeyStoreRules.CheckAdd(Role, key);
        return ChangeAsync(
            next =>
            {
                if (next.IsOf(key.Id))
                    throw KeyStoreErrors.DuplicateKey(key.Id, isRevoked: !next.HasKey);
                if (!next.IsEmpty)
                    throw new InvalidOperationException(
                        $"{_path} holds the key of {next.Id}, and a key file holds only"
                            + " one. Keep several identities in a SQLite store (SqliteKeyStore)."
                    );
                next.Add(key, _options.TimeProvider.GetUtcNow());
                return true;
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public ValueTask RotateAsync(StoredKey key, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(key);
        return ChangeAsync(
            next =>
            {
                CheckHolds(key.Id, next);
                KeyRecord record = next.Describe();
                KeyStoreRules.CheckRotation(Role, key, record);
                if (next.HasKey)
                {
                    using StoredKey current = next.ReadKey();
                    KeyStoreRules.CheckIsNew(key, current);
                }

                if (KeyStoreRules.IsReplacedAtOnce(Role, record))
                    next.Replace(key);
                else
                    next.SetSuccessor(key);
                return true;
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RevokeAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        bool isRevoked = false;
        await ChangeAsync(
                next =>
                {
                    isRevoked = next.HasKey && next.IsOf(id);
                    if (isRevoked)
                        next.Revoke(_options.TimeProvider.GetUtcNow());
                    return isRevoked;
                },
                cancellationToken,
                () => _revocations.Publish(id)
            )
            .ConfigureAwait(false);
        return isRevoked;
    }

    /// <inheritdoc/>
    public ValueTask RestrictAsync(
        ClientId id,
        IReadOnlyList<CipherSuiteId> suites,
        CancellationToken cancellationToken = default
    )
    {
        KeyStoreRules.CheckSuites(suites);
        return ChangeAsync(
            next =>
            {
                CheckHolds(id, next);
                if (!next.HasKey)
                    throw KeyStoreErrors.KeyNotFound(id);
                next.Suites = suites;
                return true;
            },
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public ValueTask<KeyRecord?> DescribeAsync(ClientId id, CancellationToken cancellationToken = default)
    {
        lock (_reading)
        {
            ThrowIfUnusable();
            return new(_state.IsOf(id) ? _state.Describe() : null);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Returns at most one identity.</remarks>
    public ValueTask<IReadOnlyList<KeyRecord>> ListAsync(
        ClientId? after,
        int limit,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        lock (_reading)
        {
            ThrowIfUnusable();
            return new(!_state.IsEmpty && _state.Id > after.GetValueOrDefault() ? [_state.Describe()] : []);
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<ClientId> WatchRevocationsAsync(CancellationToken cancellationToken = default) =>
        _revocations.Subscribe(cancellationToken);

    /// <inheritdoc/>
    public ValueTask ProbeAsync(CancellationToken cancellationToken = default) =>
        RunAsync(() => Probe, isChange: false, cancellationToken);

    /// <summary>Closes the file, after a pending change, and erases the keys in memory.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;

        // A change that still waits for the disk closes the file when it ends.
        if (!await _writing.WaitAsync(_options.Timeout).ConfigureAwait(false))
            return;
        Close();
        _writing.Release();
    }

    /// <summary>Opens a file; tests supply their own.</summary>
    internal static KeyFile Open(string path, ChannelRole role, KeyFileOptions options, Func<IRawFile> open)
    {
        KeyFileSlots? slots = null;
        try
        {
            slots = new KeyFileSlots(open(), path);
            KeyFileSlot state = slots.Open(role, options.CreateIfMissing, options.TimeProvider.GetUtcNow());
            return new KeyFile(path, role, options, slots, state);
        }
        catch (FileNotFoundException e)
        {
            throw new KeyStoreException($"There is no key file {path}.", e);
        }
        catch (Exception e)
        {
            slots?.Dispose();
            if (e is not KeyStoreException && e is IOException or UnauthorizedAccessException or FormatException)
                throw new KeyStoreException($"The key file {path} cannot be opened: {e.Message}", e);
            throw;
        }
    }

    private static async Task CloseWhenOpenedAsync(Task<KeyFile> opening)
    {
        try
        {
            await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It was not opened, and the caller no longer waits.
        }
    }

    private static void CheckHolds(ClientId id, KeyFileSlot state)
    {
        if (!state.IsOf(id))
            throw KeyStoreErrors.KeyNotFound(id);
    }

    private static KeyStoreException TimedOut(string path, KeyFileOptions options, bool isOutcomeUnknown) =>
        new($"The key file {path} did not answer within {options.Timeout.TotalSeconds:0.#} s: its disk hangs.")
        {
            IsOutcomeUnknown = isOutcomeUnknown,
        };

    /// <summary>Applies an edit to a copy of the state, and writes it if the edit returns true.</summary>
    private ValueTask ChangeAsync(
        Func<KeyFileSlot, bool> edit,
        CancellationToken cancellationToken,
        Action? then = null
    ) =>
        RunAsync(
            () =>
            {
                KeyFileSlot next = _state.Copy();
                bool differs = false;
                try
                {
                    differs = edit(next);
                    return differs ? () => Commit(next, then) : null;
                }
                finally
                {
                    if (!differs)
                        next.Dispose();
                }
            },
            isChange: true,
            cancellationToken
        );

    /// <summary>
    /// Prepares work under the writer's lock and runs it on another thread. Work that has started is completed even if
    /// the caller no longer waits.
    /// </summary>
    private async ValueTask RunAsync(Func<Action?> prepare, bool isChange, CancellationToken cancellationToken)
    {
        if (!await _writing.WaitAsync(_options.Timeout, cancellationToken).ConfigureAwait(false))
            throw TimedOut(_path, _options, isOutcomeUnknown: false);
        Task<Exception?> working;
        try
        {
            ThrowIfUnusable();
            if (prepare() is not { } work)
            {
                _writing.Release();
                return;
            }

            working = Task.Run(() => Work(work), CancellationToken.None);
        }
        catch
        {
            _writing.Release();
            throw;
        }

        try
        {
            if (await working.WaitAsync(_options.Timeout, cancellationToken).ConfigureAwait(false) is { } failure)
                throw failure;
        }
        catch (TimeoutException)
        {
            throw TimedOut(_path, _options, isOutcomeUnknown: isChange);
        }
    }

    // A failure is returned, so that it is not an unobserved exception if the caller no longer waits.
    private Exception? Work(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            if (_disposed)
                Close();
            _writing.Release();
        }
    }

    private void Commit(KeyFileSlot next, Action? then)
    {
        bool isWritten = false;
        try
        {
            _slots.CheckUntouched();
            next.Seal(_state.Sequence + 1);
            isWritten = Write(next);
        }
        finally
        {
            if (!isWritten)
                next.Dispose();
        }

        lock (_reading)
        {
            _state.Dispose();
            _state = next;
        }

        then?.Invoke();
    }

    private bool Write(KeyFileSlot next)
    {
        try
        {
            _slots.Commit(next);
            return true;
        }
        catch (Exception e)
        {
            // What has reached the disk is known only to the next opening.
            lock (_reading)
                _failure = e;
            throw new KeyStoreException($"The key file {_path} cannot be written: {e.Message}", e)
            {
                IsOutcomeUnknown = true,
            };
        }
    }

    private void Probe()
    {
        _slots.CheckUntouched();
        try
        {
            _slots.Probe();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KeyStoreException($"The key file {_path} cannot be written: {e.Message}", e);
        }
    }

    private void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_failure is not null)
            throw new KeyStoreException(
                $"The key file {_path} must be opened again: an earlier change of it failed.",
                _failure
            );
    }

    private void Close()
    {
        lock (_reading)
        {
            _slots.Dispose();
            _state.Dispose();
        }
    }
}
