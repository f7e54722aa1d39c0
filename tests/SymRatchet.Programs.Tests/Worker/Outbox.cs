namespace SymRatchet.Programs.Tests.Worker;

/// <summary>What was measured and not acknowledged yet, the oldest first. A device keeps it on its disk.</summary>
internal sealed class Outbox
{
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _measurements = new();
    private TaskCompletionSource _filled = NewSource();

    internal int Count
    {
        get
        {
            lock (_lock)
                return _measurements.Count;
        }
    }

    /// <summary>Ends when there is something to send. It can be left behind: nothing waits in it.</summary>
    internal Task Filled
    {
        get
        {
            lock (_lock)
                return _filled.Task;
        }
    }

    /// <summary>The oldest, which stays.</summary>
    internal byte[] Oldest
    {
        get
        {
            lock (_lock)
                return _measurements.Peek();
        }
    }

    internal void Add(byte[] measurement)
    {
        lock (_lock)
        {
            _measurements.Enqueue(measurement);
            _filled.TrySetResult();
        }
    }

    internal void RemoveOldest()
    {
        lock (_lock)
        {
            _measurements.Dequeue();
            if (_measurements.Count == 0)
                _filled = NewSource();
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
