using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>
/// The key of one identity in one file: the durable store of a client that has no database. The file is the credential
/// that was carried to the device; the first <see cref="OpenAsync"/> turns it into a store, in place. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A change waits twice for the disk: once for the new key, and once for the erasure of the old one, which is
/// overwritten before the change is reported. A process that is killed or a machine that loses its power at any instant
/// leaves the old or the new state, and the next opening erases what is left of the other. The pre-shared key of a
/// credential is overwritten and synced before <see cref="OpenAsync"/> returns.
/// </para>
/// <para>
/// What is overwritten is the file. File systems that write elsewhere (btrfs, ZFS, snapshots, a journal of data) and
/// solid-state disks may keep old blocks, and copies and backups of the credential are not known to the store. Keys are
/// not wrapped (<see cref="IKeyWrapper"/>); encrypt the disk where that matters.
/// </para>
/// <para>
/// The file is locked while it is open: another opening of it, in this process or elsewhere, fails. On Linux the file
/// must belong to the user of the program or to root, not be a symbolic link, and stay where it is; other systems check
/// less, as <see cref="PreSharedKey.FromCredentialFile"/> says. For several identities use the SQLite store.
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

    /// <summary>
    /// The id of the identity, which <see cref="SecureChannelClientOptions.ClientId"/> need not repeat; null where the
    /// file holds none.
    /// </summary>
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
    /// <param name="path">The file; its owner's alone (<c>chmod 600</c>).</param>
    /// <param name="role">The role that the key serves: written into the file by the first opening, for ever.</param>
    /// <param name="options">How the store behaves; null for the defaults.</param>
    /// <param name="cancellationToken">
    /// Ends the wait; the credential may have been turned into a store all the same.
    /// </param>
    /// <exception cref="ArgumentException">A setting of the options or the role is out of range.</exception>
    /// <exception cref="KeyStoreException">
    /// The file is in use, may be used by others, serves the other role, is damaged, is neither a credential nor a key
    /// file, or cannot be read or written. A credential is as it was, or the store is whole.
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
            throw Late(path, options, isOutcomeUnknown: true);
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

            // Two keys are read for every id, so that the time does not tell who is known, or has two.
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
    /// The key did not move, or, where <see cref="KeyStoreException.IsOutcomeUnknown"/> is set, perhaps it did. A store
    /// whose disk failed in a change refuses everything until it is opened again.
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
                // After the wait for the changes before this one, during which the key may be erased.
                KeyStoreRules.CheckIsNotErased(id, epochKey.Span);
                CheckIsHere(id, next);
                return next.Advance(serial, epoch, epochKey.Span, _options.TimeProvider.GetUtcNow());
            },
            cancellationToken
        );

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">
    /// The id is there already, or another one is: a key file holds one identity.
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
                        $"{_path} holds the key of {next.Id}, and a key file has room for no"
                            + " other. Keep several identities in a SQLite store (SqliteKeyStore)."
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
                CheckIsHere(key.Id, next);
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
                CheckIsHere(id, next);
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
    /// <remarks>One identity, or none.</remarks>
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

    /// <summary>Closes the file, after the change that is under way, and erases the keys in memory.</summary>
    public async ValueTask DisposeAsync()
    {
        _disposed = true;

        // A change that the disk holds up closes the file when it ends.
        if (!await _writing.WaitAsync(_options.Timeout).ConfigureAwait(false))
            return;
        Close();
        _writing.Release();
    }

    /// <summary>Opens a file; tests bring one of their own.</summary>
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
            // It was not opened; nobody waits for the reason any more.
        }
    }

    private static void CheckIsHere(ClientId id, KeyFileSlot state)
    {
        if (!state.IsOf(id))
            throw KeyStoreErrors.KeyNotFound(id);
    }

    private static KeyStoreException Late(string path, KeyFileOptions options, bool isOutcomeUnknown) =>
        new($"The key file {path} did not answer within {options.Timeout.TotalSeconds:0.#} s: its disk hangs.")
        {
            IsOutcomeUnknown = isOutcomeUnknown,
        };

    /// <summary>Makes a new state from the current one, where the edit says that it differs, and writes it.</summary>
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
    /// Prepares work for the disk in turn and lets another thread do it. What was begun runs to its end, whether or
    /// not the caller still waits.
    /// </summary>
    private async ValueTask RunAsync(Func<Action?> prepare, bool isChange, CancellationToken cancellationToken)
    {
        if (!await _writing.WaitAsync(_options.Timeout, cancellationToken).ConfigureAwait(false))
            throw Late(_path, _options, isOutcomeUnknown: false);
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
            throw Late(_path, _options, isOutcomeUnknown: isChange);
        }
    }

    // A failure is a result, so that none is lost where nobody waits for it.
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
            // What of it is on the disk only the next opening finds out.
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
