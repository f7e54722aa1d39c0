using System.Runtime.CompilerServices;

namespace SymRatchet.Channel;

/// <summary>
/// Limits the pool threads on which calls of a key store start. A store that blocks instead of being asynchronous
/// occupies only its own few threads; channels, revocation and the rest of the process continue.
/// </summary>
internal static class StoreThreads
{
    internal static readonly int PerStore = Math.Max(4, 2 * Environment.ProcessorCount);

    private static readonly ConditionalWeakTable<IKeyStore, ConcurrentExclusiveSchedulerPair> Schedulers = [];

    /// <summary>
    /// Starts a call as soon as one of the store's threads is free. A store whose calls block forever, even for one id
    /// only, becomes unavailable to all.
    /// </summary>
    internal static Task<T> RunAsync<T>(IKeyStore store, Func<Task<T>> call)
    {
        ConcurrentExclusiveSchedulerPair threads = Schedulers.GetValue(
            store,
            static _ => new(TaskScheduler.Default, PerStore)
        );
        return Task
            .Factory.StartNew(
                call,
                CancellationToken.None,
                TaskCreationOptions.DenyChildAttach,
                threads.ConcurrentScheduler
            )
            .Unwrap();
    }
}
