namespace SymRatchet.KeyStores;

/// <summary>Extends tasks whose caller has gone: a database, a disk or a wrapper that did not answer in time.</summary>
internal static class AbandonedTask
{
    /// <summary>Abandons a task: its result is disposed, and its exception is observed.</summary>
    internal static void Abandon<T>(this Task<T> work) =>
        _ = work.ContinueWith(
            static done =>
            {
                if (done.IsCompletedSuccessfully)
                    (done.Result as IDisposable)?.Dispose();
                else
                    _ = done.Exception;
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
}
