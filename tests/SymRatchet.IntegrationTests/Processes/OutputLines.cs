namespace SymRatchet.IntegrationTests.Processes;

/// <summary>What a process has written to one of its outputs, line by line, and a way to wait for a line.</summary>
internal sealed class OutputLines
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Found)> _waiting = [];
    private bool _ended;

    internal string[] Snapshot()
    {
        lock (_gate)
            return [.. _lines];
    }

    /// <summary>The first line that matches, whether it is there or comes later.</summary>
    internal Task<string> WaitForAsync(Func<string, bool> matches)
    {
        lock (_gate)
        {
            if (_lines.FirstOrDefault(matches) is { } line)
                return Task.FromResult(line);
            TaskCompletionSource<string> found = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_ended)
                found.SetException(Ended());
            else
                _waiting.Add((matches, found));
            return found.Task;
        }
    }

    internal void Add(string line)
    {
        lock (_gate)
        {
            _lines.Add(line);
            _waiting.RemoveAll(waiter => waiter.Matches(line) && waiter.Found.TrySetResult(line));
        }
    }

    internal void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach ((_, TaskCompletionSource<string> found) in _waiting)
                found.TrySetException(Ended());
            _waiting.Clear();
        }
    }

    private static InvalidOperationException Ended() => new("The process ended without the line that was waited for.");
}
