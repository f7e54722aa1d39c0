using System.Diagnostics;

namespace SymRatchet.Comparison.Running;

/// <summary>What a process holds and has used so far.</summary>
/// <param name="Memory">The memory that the system counts for it, in bytes.</param>
/// <param name="Heap">What of that the collector's objects take.</param>
/// <param name="Cpu">The time of all its threads.</param>
internal readonly record struct ProcessUse(long Memory, long Heap, TimeSpan Cpu)
{
    /// <summary>This process as it is.</summary>
    internal static ProcessUse Now => new(Environment.WorkingSet, GC.GetTotalMemory(false), CpuTime);

    /// <summary>The time of all threads of this process.</summary>
    internal static TimeSpan CpuTime
    {
        get
        {
            using var self = Process.GetCurrentProcess();
            return self.TotalProcessorTime;
        }
    }

    /// <summary>Collects all that can be, and gives it back to the system.</summary>
    internal static void Collect() => GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
