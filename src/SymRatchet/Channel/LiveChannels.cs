using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using SymRatchet.Channel;
using SymRatchet.Diagnostics;
using SymRatchet.Keys;

namespace SymRatchet;

/// <summary>
/// The channels of a server that stand or are in their handshake, by identity. It watches a store and ends those of an identity that is
/// revoked, on whichever node that was done: the peer is told, and the owner's calls fail with <see cref="SecureChannelError.Aborted"/>.
/// Thread-safe. Make one for each store, and set it as <see cref="SecureChannelServerOptions.LiveChannels"/>.
/// </summary>
public sealed class LiveChannels : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, HashSet<LiveChannel>> _channels = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly bool _hashIdsInLogs;
    private readonly Task _watching;

    /// <summary>Starts to watch a store.</summary>
    /// <param name="store">The store; not disposed with this.</param>
    /// <param name="loggerFactory">Where logs go; nowhere by default.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="hashIdsInLogs">As <see cref="SecureChannelOptions.HashIdsInLogs"/>.</param>
    public LiveChannels(IKeyDirectory store, ILoggerFactory? loggerFactory = null, TimeProvider? time = null, bool hashIdsInLogs = false)
    {
        ArgumentNullException.ThrowIfNull(store);
        _logger = (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger("SymRatchet.Channel");
        _time = time ?? TimeProvider.System;
        _hashIdsInLogs = hashIdsInLogs;
        _watching = WatchAsync(store, store.WatchRevocationsAsync(_stopping.Token));
    }

    /// <summary>How many channels of an identity stand or are in their handshake.</summary>
    /// <param name="id">The client's id.</param>
    public int CountOf(ReadOnlySpan<byte> id)
    {
        lock (_gate)
            return _channels.TryGetValue(Convert.ToHexString(id), out HashSet<LiveChannel>? live) ? live.Count : 0;
    }

    /// <summary>Ends all channels of an identity, whatever the store says of it.</summary>
    /// <param name="id">The client's id.</param>
    /// <returns>How many there were.</returns>
    public async ValueTask<int> TerminateAsync(ReadOnlyMemory<byte> id)
    {
        LiveChannel[] ended;
        lock (_gate)
            ended = _channels.Remove(Convert.ToHexString(id.Span), out HashSet<LiveChannel>? live) ? [.. live] : [];
        await Task.WhenAll(ended.Select(channel => channel.EndAsync())).ConfigureAwait(false);
        return ended.Length;
    }

    /// <summary>Stops watching. The channels stand.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _watching.ConfigureAwait(false);
        _stopping.Dispose();
    }

    internal void Enter(ReadOnlySpan<byte> id, LiveChannel channel)
    {
        lock (_gate)
            (CollectionsMarshal.GetValueRefOrAddDefault(_channels, Convert.ToHexString(id), out _) ??= []).Add(channel);
    }

    internal void Leave(ReadOnlySpan<byte> id, LiveChannel channel)
    {
        lock (_gate)
        {
            string name = Convert.ToHexString(id);
            if (_channels.TryGetValue(name, out HashSet<LiveChannel>? live) && live.Remove(channel) && live.Count == 0)
                _channels.Remove(name);
        }
    }

#pragma warning disable CA1031 // whatever a store throws, revocations are watched again
    private async Task WatchAsync(IKeyDirectory store, IAsyncEnumerable<ReadOnlyMemory<byte>> revocations)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await foreach (ReadOnlyMemory<byte> id in revocations.ConfigureAwait(false))
                {
                    int ended = await TerminateAsync(id).ConfigureAwait(false);
                    _logger.Revoked(_hashIdsInLogs ? KeyText.ToHashed(id.Span) : KeyText.ToDisplay(id.Span), ended);
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                _logger.WatchFailed(e);
            }

            await Task.Delay(RetryDelay, _time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            revocations = store.WatchRevocationsAsync(_stopping.Token);
        }
    }
#pragma warning restore CA1031
}
