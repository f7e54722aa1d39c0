namespace SymRatchet.KeyStores;

/// <summary>For work whose caller has gone: a database, a disk or a wrapper that did not answer in time.</summary>
internal static class AbandonedTask
{
    /// <summary>Leaves work to itself: what it still finds is disposed, and what it still throws is observed.</summary>
    internal static void LeaveToItself<T>(this Task<T> work) =>
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
