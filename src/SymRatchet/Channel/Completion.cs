namespace SymRatchet.Channel;

/// <summary>
/// Something that happens once and that several may wait for. Its task is made when somebody waits, so that an idle
/// channel holds none. Continuations do not run inside <see cref="Complete"/>. Thread-safe; not to be copied.
/// </summary>
internal struct Completion
{
    // Null, the source of a task that is waited for, or the task that tells how it ended.
    private object? _state;

    internal readonly bool IsCompleted => Volatile.Read(in _state) is Task;

    /// <summary>The task of those who wait.</summary>
    internal Task AsTask()
    {
        if (Volatile.Read(ref _state) is null)
            Interlocked.CompareExchange(
                ref _state,
                new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously),
                null
            );
        return Volatile.Read(ref _state) switch
        {
            TaskCompletionSource waited => waited.Task,
            var ended => (Task)ended!,
        };
    }

    /// <summary>Completes it; only the first call counts.</summary>
    internal void Complete() => End(Task.CompletedTask);

    /// <summary>Fails it; only the first call counts.</summary>
    internal void Fail(Exception failure) => End(Task.FromException(failure));

    // Reading the exception marks it as observed: nobody may ever wait, or whoever waited may have given up.
    private void End(Task end)
    {
        _ = end.Exception;
        object? before = Volatile.Read(ref _state);
        while (before is not Task)
        {
            object? found = Interlocked.CompareExchange(ref _state, end, before);
            if (found == before)
            {
                if (before is TaskCompletionSource waited)
                {
                    waited.SetFromTask(end);
                    _ = waited.Task.Exception;
                }

                return;
            }

            before = found;
        }
    }
}
