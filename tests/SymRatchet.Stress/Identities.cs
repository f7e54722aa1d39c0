using System.Collections.Concurrent;
using SymRatchet.Stress.Checks;

namespace SymRatchet.Stress;

/// <summary>The clients that the servers know: one or more for each step, gone with it.</summary>
internal sealed class Identities(InMemoryKeyStore keys)
{
    private readonly ConcurrentDictionary<string, long> _revoked = new(StringComparer.Ordinal);
    private long _last;

    internal ChannelRegistry Live { get; } = new(keys);

    internal string New(Step step, KeyEvolution evolution, out PreSharedKey key)
    {
        string id = $"stress-{step.Number}-{Interlocked.Increment(ref _last)}";
        byte[] bytes = new byte[32];
        step.Random.NextBytes(bytes);
        key = PreSharedKey.Import(id, bytes, evolution: evolution);
        keys.Add(key);
        return id;
    }

    internal async Task<long> RevokeAsync(Step step, string id)
    {
        if (!await keys.RevokeAsync(id))
            step.Fail($"{id} could not be revoked");
        return _revoked[id] = Math.Max(1, step.Now);
    }

    /// <summary>When the revocation of an identity had returned; 0 where it was not revoked.</summary>
    internal long RevokedSince(string id) => _revoked.GetValueOrDefault(id);

    /// <summary>Waits until the server has ended the identity's connections, too.</summary>
    internal async Task DropLaterAsync(Step step, string id)
    {
        long began = step.Now;
        while (Live.GetCount(id) > 0 && step.Now - began < 10 * Watchdog.TicksPerSecond)
            await Task.Delay(20);
        Drop(step, id);
    }

    internal void Drop(Step step, string id)
    {
        if (Live.GetCount(id) is > 0 and int left)
            step.Fail($"{left} channels of {id} are counted as live after their end");
        keys.Remove(id);
        _revoked.TryRemove(id, out _);
    }
}
