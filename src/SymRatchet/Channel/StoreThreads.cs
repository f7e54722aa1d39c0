using System.Runtime.CompilerServices;

namespace SymRatchet.Channel;

/// <summary>
/// The threads that calls of a key store begin on. A store that blocks where it should be asynchronous keeps a few
/// threads of the pool, each store its own, and the others go on: established channels, revocation, and whatever else
/// the process does.
/// </summary>
internal static class StoreThreads
{
    internal static readonly int PerStore = Math.Max(4, 2 * Environment.ProcessorCount);

    private static readonly ConditionalWeakTable<IKeyStore, ConcurrentExclusiveSchedulerPair> Schedulers = [];

    /// <summary>
    /// Begins a call as soon as one of the store's threads is free. A store that blocks for ever, if only for one id,
    /// is closed to all.
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
