using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using SymRatchet.Channel;
using SymRatchet.Diagnostics;
using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>
/// Tracks the channels and handshakes of a server by identity, and ends those of an identity that is revoked.
/// </summary>
/// <remarks>
/// It watches a store, so a revocation on any node counts. The peer gets a TERMINATE, and the owner's calls fail with
/// <see cref="SecureChannelError.Aborted"/>. Create one for each store, and set it as
/// <see cref="SecureChannelServerOptions.ChannelRegistry"/>. Thread-safe.
/// </remarks>
public sealed class ChannelRegistry : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<ClientId, HashSet<RegisteredChannel>> _channels = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly bool _hashIdsInLogs;
    private readonly Task _watching;
    private bool _isFailing;
    private int _isDisposed;

    /// <summary>
    /// Initializes a new instance of the <see cref="ChannelRegistry"/> class and starts to watch a store.
    /// </summary>
    /// <param name="store">The store; not disposed by this object.</param>
    /// <param name="options">
    /// The options whose logger, clock and <see cref="SecureChannelOptions.HashIdsInLogs"/> are used; null for the
    /// defaults.
    /// </param>
    /// <exception cref="ArgumentNullException"><paramref name="store"/> is null.</exception>
    public ChannelRegistry(IKeyDirectory store, SecureChannelServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new SecureChannelServerOptions();
        _logger = GuardedLogger.Create(options.LoggerFactory);
        _time = options.TimeProvider;
        _hashIdsInLogs = options.HashIdsInLogs;

        // Subscribed before anything is accepted, and watched on the pool, since a store that blocks must not block the
        // caller.
        IAsyncEnumerable<ClientId>? first = Subscribe(store);
        _watching = Task.Run(() => WatchAsync(store, first));
    }

    /// <summary>Returns the number of channels and pending handshakes of an identity.</summary>
    /// <param name="id">The client's id.</param>
    public int GetCount(ClientId id)
    {
        lock (_gate)
            return _channels.TryGetValue(id, out HashSet<RegisteredChannel>? channels) ? channels.Count : 0;
    }

    /// <summary>
    /// Ends all channels and handshakes of an identity at once, without asking the store or waiting for the peers.
    /// </summary>
    /// <param name="id">The client's id.</param>
    /// <returns>The number of channels and handshakes that were ended.</returns>
    public int Terminate(ClientId id)
    {
        RegisteredChannel[] ended;
        lock (_gate)
            ended = _channels.Remove(id, out HashSet<RegisteredChannel>? channels) ? [.. channels] : [];
        foreach (RegisteredChannel channel in ended)
            channel.End();
        return ended.Length;
    }

    /// <summary>Stops watching the store.</summary>
    /// <remarks>The channels stay open.</remarks>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(_watching, Task.Delay(Limits.EndTimeout, _time)).ConfigureAwait(false);
        if (_watching.IsCompleted)
            _stopping.Dispose();
    }

    internal void Enter(ClientId id, RegisteredChannel channel)
    {
        lock (_gate)
            (CollectionsMarshal.GetValueRefOrAddDefault(_channels, id, out _) ??= []).Add(channel);
    }

    internal void Leave(ClientId id, RegisteredChannel channel)
    {
        lock (_gate)
        {
            if (
                _channels.TryGetValue(id, out HashSet<RegisteredChannel>? channels)
                && channels.Remove(channel)
                && channels.Count == 0
            )
                _channels.Remove(id);
        }
    }

#pragma warning disable CA1031 // whatever a store throws, the watch is started again
    private IAsyncEnumerable<ClientId>? Subscribe(IKeyDirectory store)
    {
        try
        {
            return store.WatchRevocationsAsync(_stopping.Token);
        }
        catch (Exception e)
        {
            ReportFailure(e);
            return null;
        }
    }

    private async Task WatchAsync(IKeyDirectory store, IAsyncEnumerable<ClientId>? revocations)
    {
        while (!_stopping.IsCancellationRequested)
        {
            if (revocations is not null)
                await ReadAsync(revocations).ConfigureAwait(false);
            await Task.Delay(RetryDelay, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            revocations = Subscribe(store);
        }
    }

    private async Task ReadAsync(IAsyncEnumerable<ClientId> revocations)
    {
        IAsyncEnumerator<ClientId>? watch = null;
        try
        {
            watch = revocations.GetAsyncEnumerator(_stopping.Token);
            Task<bool> next = watch.MoveNextAsync().AsTask();
            if (_isFailing && await WorksAsync(next).ConfigureAwait(false))
            {
                _isFailing = false;
                _logger.WatchRecovered();
            }

            for (; await next.ConfigureAwait(false); next = watch.MoveNextAsync().AsTask())
            {
                ClientId id = watch.Current;
                int ended = Terminate(id);
                _ = Task.Run(() => _logger.Revoked(id.ToLogName(_hashIdsInLogs), ended)); // a log may block
            }
        }
        catch (Exception e)
        {
            ReportFailure(e);
        }

        // A store that does not end its watch must not delay the next one.
        if (watch is not null)
        {
            await Task.WhenAny(
                    Task.Run(() => watch.DisposeAsync().AsTask()),
                    Task.Delay(RetryDelay, _time, _stopping.Token)
                )
                .ConfigureAwait(false);
        }
    }
#pragma warning restore CA1031

    // Logged once until the watch works again, so that a long outage is one message.
    private void ReportFailure(Exception e)
    {
        if (!_isFailing && !_stopping.IsCancellationRequested)
            _logger.WatchFailed(e);
        _isFailing = true;
    }

    // A watch works if it has reported a revocation, or has waited for one for some time without failing.
    private async Task<bool> WorksAsync(Task<bool> next)
    {
        await Task.WhenAny(next, Task.Delay(2 * RetryDelay, _time, _stopping.Token)).ConfigureAwait(false);
        return !next.IsFaulted && !next.IsCanceled;
    }
}
