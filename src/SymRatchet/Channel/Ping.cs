namespace SymRatchet.Channel;

/// <summary>One ping of this side: first queued in the outbox, then waiting for its PONG.</summary>
internal sealed class Ping(ulong token)
{
    private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ulong Token { get; } = token;

    internal Task Answer => _answer.Task;

    internal void Answered() => _answer.TrySetResult();

    internal void Fail(Exception reason)
    {
        // The caller may have been cancelled; then the exception must not count as unobserved.
        if (_answer.TrySetException(reason))
            _ = _answer.Task.Exception;
    }
}
