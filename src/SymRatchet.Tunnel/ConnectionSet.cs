namespace SymRatchet.Tunnel;

/// <summary>The connections that a tunnel carries.</summary>
internal sealed class ConnectionSet : IDisposable
{
    private static readonly TimeSpan LifeInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly HashSet<TunnelConnection> _connections = [];
    private readonly ITimer _timer;
    private TaskCompletionSource? _empty;
    private string? _closed;
    private int _isChecking;

    internal ConnectionSet(TimeProvider time) =>
        _timer = time.CreateTimer(
            static self => _ = ((ConnectionSet)self!).CheckLifeAsync(),
            this,
            LifeInterval,
            LifeInterval
        );

    internal int Count
    {
        get
        {
            lock (_gate)
                return _connections.Count;
        }
    }

    internal void Add(TunnelConnection connection)
    {
        string? closed;
        lock (_gate)
        {
            _connections.Add(connection);
            closed = _closed;
        }

        if (closed is not null)
            connection.Abort(closed);
    }

    internal void Remove(TunnelConnection connection)
    {
        lock (_gate)
        {
            if (!_connections.Remove(connection) || _connections.Count > 0)
                return;
            _empty?.TrySetResult();
            _empty = null;
        }
    }

    /// <summary>Waits until there is none.</summary>
    internal Task WhenEmptyAsync()
    {
        lock (_gate)
        {
            if (_connections.Count == 0)
                return Task.CompletedTask;
            _empty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _empty.Task;
        }
    }

    /// <summary>Ends all by a reset, and those that are added later.</summary>
    /// <returns>How many there were.</returns>
    internal int AbortAll(string reason)
    {
        TunnelConnection[] all;
        lock (_gate)
        {
            _closed = reason;
            all = [.. _connections];
        }

        foreach (TunnelConnection connection in all)
            connection.Abort(reason);
        return all.Length;
    }

    public void Dispose() => _timer.Dispose();

    internal TunnelConnection[] Snapshot()
    {
        lock (_gate)
            return [.. _connections];
    }

    private async Task CheckLifeAsync()
    {
        if (Interlocked.Exchange(ref _isChecking, 1) != 0)
            return;
        await Task.Yield();
        try
        {
            // Not awaited: a sign of life may wait for its peer, and another connection must not wait for that.
            foreach (TunnelConnection connection in Snapshot())
                _ = connection.CheckLifeAsync(LifeInterval).AsTask();
        }
        finally
        {
            Volatile.Write(ref _isChecking, 0);
        }
    }
}
