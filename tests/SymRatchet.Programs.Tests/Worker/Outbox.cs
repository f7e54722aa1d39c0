using System.Collections.Concurrent;

namespace SymRatchet.Programs.Tests.Worker;

/// <summary>What was measured and not acknowledged yet, the oldest first. A device keeps it on its disk.</summary>
internal sealed class Outbox : IDisposable
{
    private readonly ConcurrentQueue<byte[]> _measurements = new();
    private readonly SemaphoreSlim _added = new(0);

    internal int Count => _measurements.Count;

    internal void Add(byte[] measurement)
    {
        _measurements.Enqueue(measurement);
        _added.Release();
    }

    /// <summary>Waits for the oldest, which stays.</summary>
    internal async ValueTask<byte[]> OldestAsync(CancellationToken cancellationToken)
    {
        await _added.WaitAsync(cancellationToken);
        _added.Release();
        return _measurements.TryPeek(out byte[]? oldest) ? oldest : throw new InvalidOperationException("Only one may take.");
    }

    internal void RemoveOldest()
    {
        _added.Wait();
        _measurements.TryDequeue(out _);
    }

    public void Dispose() => _added.Dispose();
}
