using SymRatchet.Tool.Keys;

namespace SymRatchet.Tool.Tunnels;

/// <summary>
/// The stores that tunnels use, each opened once however many use it: a key file has one owner.
/// </summary>
internal sealed class TunnelKeys(SecureChannelServerOptions registryOptions) : IAsyncDisposable
{
    // How long a store stays open that no tunnel uses any more: longer than any handshake that began with it.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private readonly Dictionary<StoreLocation, Entry> _entries = [];
    private readonly List<Task> _closing = [];
    private readonly CancellationTokenSource _stopping = new();
    private int _isDisposed;

    /// <summary>Returns a client's keys.</summary>
    internal async Task<IKeyStore> OpenClientAsync(string file, CancellationToken cancellationToken)
    {
        StoreLocation location = new(Path.GetFullPath(file), null, "", ChannelRole.Client, null);
        Entry entry = await OpenAsync(
            location,
            async () =>
            {
                KeyFile opened = await KeyFile.OpenAsync(file, cancellationToken: cancellationToken);
                return new Entry(opened, opened, null);
            }
        );
        return entry.Store;
    }

    /// <summary>Returns a server's keys, and the registry that ends the channels of revoked clients.</summary>
    internal async Task<(IKeyStore, ChannelRegistry)> OpenServerAsync(
        StoreLocation location,
        CancellationToken cancellationToken
    )
    {
        if (location.File is { } file)
            location = location with { File = Path.GetFullPath(file) };
        Entry entry = await OpenAsync(
            location,
            async () =>
            {
                OpenedStore opened = await StoreArguments.OpenAsync(location, cancellationToken);
                return new Entry(opened.Directory, opened, new ChannelRegistry(opened.Directory, registryOptions));
            }
        );
        return (entry.Store, entry.Registry!);
    }

    /// <summary>Begins a reload: what is not asked for until <see cref="EndReload"/> is closed then.</summary>
    internal void BeginReload()
    {
        foreach (Entry entry in _entries.Values)
            entry.IsUsed = false;
    }

    internal void EndReload()
    {
        foreach ((StoreLocation location, Entry entry) in _entries.Where(pair => !pair.Value.IsUsed).ToArray())
        {
            _entries.Remove(location);
            Close(entry);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stopping.CancelAsync();
        await Task.WhenAll(_closing);
        foreach (Entry entry in _entries.Values)
            await entry.DisposeAsync();
        _entries.Clear();
        _stopping.Dispose();
    }

    private async Task<Entry> OpenAsync(StoreLocation location, Func<Task<Entry>> open)
    {
        if (_entries.TryGetValue(location, out Entry? entry))
        {
            if (await entry.IsInPlaceAsync())
            {
                entry.IsUsed = true;
                return entry;
            }

            // Another file lies at the path now. It is opened before the old one is given up.
            Entry replacement = await open();
            _entries[location] = replacement;
            Close(entry);
            return replacement;
        }

        return _entries[location] = await open();
    }

    private void Close(Entry entry)
    {
        _closing.RemoveAll(task => task.IsCompleted);
        _closing.Add(CloseLaterAsync(entry));
    }

    private async Task CloseLaterAsync(Entry entry)
    {
        await Task.Delay(Grace, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await entry.DisposeAsync();
    }

    private sealed class Entry(IKeyStore store, IAsyncDisposable resource, ChannelRegistry? registry) : IAsyncDisposable
    {
        internal IKeyStore Store => store;

        internal ChannelRegistry? Registry => registry;

        internal bool IsUsed { get; set; } = true;

        internal async Task<bool> IsInPlaceAsync()
        {
            try
            {
                if (store is IKeyStoreProbe probe)
                    await probe.ProbeAsync();
                return true;
            }
            catch (KeyStoreException)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (registry is not null)
                await registry.DisposeAsync();
            await resource.DisposeAsync();
        }
    }
}
