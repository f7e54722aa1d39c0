namespace SymRatchet.TestKit;

/// <summary>What work allocates on the thread that does it.</summary>
public static class Allocation
{
    private const int Tries = 3;

    /// <summary>
    /// The bytes that work allocates once it is warm: the least of some tries. What the work itself allocates, each try
    /// does; what the runtime allocates now and then, such as a pooled buffer that a collection took away, not.
    /// </summary>
    public static long Of(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        work();
        long least = long.MaxValue;
        for (int i = 0; i < Tries; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            work();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
