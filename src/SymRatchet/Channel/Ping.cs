namespace SymRatchet.Channel;

/// <summary>One ping of this side: it waits in the sender's outbox, then for its answer.</summary>
internal sealed class Ping(ulong token)
{
    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ulong Token { get; } = token;

    internal Task Answer => _answer.Task;

    internal void Answered() => _answer.TrySetResult();

    internal void Fail(Exception reason)
    {
        // Whoever pinged may have left; that nobody sees it is no fault then.
        if (_answer.TrySetException(reason))
            _ = _answer.Task.Exception;
    }
}
