using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using SymRatchet.Channel;
using SymRatchet.Diagnostics;
using SymRatchet.Protocol1;

namespace SymRatchet;

/// <summary>
/// The channels of a server that stand or are in their handshake, by identity. It watches a store and ends those of an
/// identity that is revoked, on whichever node that was done: the peer is told, and the owner's calls fail with
/// <see cref="SecureChannelError.Aborted"/>. Thread-safe. Make one for each store, and set it as
/// <see cref="SecureChannelServerOptions.ChannelRegistry"/>.
/// </summary>
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

    /// <summary>Starts to watch a store.</summary>
    /// <param name="store">The store; not disposed with this.</param>
    /// <param name="options">
    /// The options of the channels, for their logger, their clock and how ids are named in logs; copied. Defaults where
    /// it is null.
    /// </param>
    public ChannelRegistry(IKeyDirectory store, SecureChannelServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new SecureChannelServerOptions();
        _logger = GuardedLogger.Create(options.LoggerFactory);
        _time = options.TimeProvider;
        _hashIdsInLogs = options.HashIdsInLogs;

        // Subscribed before anything is accepted, and watched on the pool: a store that blocks must not hold up who
        // makes this.
        IAsyncEnumerable<ClientId>? first = Subscribe(store);
        _watching = Task.Run(() => WatchAsync(store, first));
    }

    /// <summary>How many channels of an identity stand or are in their handshake.</summary>
    /// <param name="id">The client's id.</param>
    public int GetCount(ClientId id)
    {
        lock (_gate)
            return _channels.TryGetValue(id, out HashSet<RegisteredChannel>? live) ? live.Count : 0;
    }

    /// <summary>Ends all channels of an identity at once, whatever the store says of it; waits for no peer.</summary>
    /// <param name="id">The client's id.</param>
    /// <returns>How many there were.</returns>
    public int Terminate(ClientId id)
    {
        RegisteredChannel[] ended;
        lock (_gate)
            ended = _channels.Remove(id, out HashSet<RegisteredChannel>? live) ? [.. live] : [];
        foreach (RegisteredChannel channel in ended)
            channel.End();
        return ended.Length;
    }

    /// <summary>Stops watching. The channels stand.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
            return;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(_watching, Task.Delay(Limits.TerminateTimeout, _time)).ConfigureAwait(false);
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
                _channels.TryGetValue(id, out HashSet<RegisteredChannel>? live)
                && live.Remove(channel)
                && live.Count == 0
            )
                _channels.Remove(id);
        }
    }

#pragma warning disable CA1031 // whatever a store throws, revocations are watched again
    private IAsyncEnumerable<ClientId>? Subscribe(IKeyDirectory store)
    {
        try
        {
            return store.WatchRevocationsAsync(_stopping.Token);
        }
        catch (Exception e)
        {
            Failed(e);
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
            if (_isFailing && await StandsAsync(next).ConfigureAwait(false))
            {
                _isFailing = false;
                _logger.WatchRecovered();
            }

            for (; await next.ConfigureAwait(false); next = watch.MoveNextAsync().AsTask())
            {
                ClientId id = watch.Current;
                int channels = Terminate(id);
                _logger.Revoked(_hashIdsInLogs ? id.ToHash() : id.ToString(), channels);
            }
        }
        catch (Exception e)
        {
            Failed(e);
        }

        // A store that does not end its watch holds up nobody: it is asked for another.
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

    // Told once, until it is well again: a store that is away for a night is one line.
    private void Failed(Exception e)
    {
        if (!_isFailing && !_stopping.IsCancellationRequested)
            _logger.WatchFailed(e);
        _isFailing = true;
    }

    // A watch that has told of a revocation, or has waited for one a while without failing, works.
    private async Task<bool> StandsAsync(Task<bool> next)
    {
        await Task.WhenAny(next, Task.Delay(2 * RetryDelay, _time, _stopping.Token)).ConfigureAwait(false);
        return !next.IsFaulted && !next.IsCanceled;
    }
}
