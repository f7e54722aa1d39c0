using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Soak;

/// <summary>What one of the two processes held and used.</summary>
/// <param name="IdleKiB">
/// Memory for each channel before the first message of the run, all collected that can be.
/// </param>
/// <param name="IdleHeapKiB">What of that the collector's objects take.</param>
/// <param name="UsedKiB">The same after the last message.</param>
/// <param name="UsedHeapKiB">The same of the objects.</param>
/// <param name="CpuSeconds">The time of its threads while the clients talked.</param>
/// <param name="MemoryMiB">All of its memory, from the first look to the last.</param>
internal sealed record SideResult(
    double IdleKiB,
    double IdleHeapKiB,
    double UsedKiB,
    double UsedHeapKiB,
    double CpuSeconds,
    IReadOnlyList<long> MemoryMiB
)
{
    internal static SideResult Of(
        int side,
        ProcessUse[] empty,
        ProcessUse[] idle,
        ProcessUse[] before,
        ProcessUse[] after,
        ProcessUse[] least,
        int channels,
        IReadOnlyList<long> looks
    ) =>
        new(
            Each(idle[side].Memory - empty[side].Memory, channels),
            Each(idle[side].Heap - empty[side].Heap, channels),
            Each(least[side].Memory - empty[side].Memory, channels),
            Each(least[side].Heap - empty[side].Heap, channels),
            (after[side].Cpu - before[side].Cpu).TotalSeconds,
            [.. looks.Select(look => look >> 20)]
        );

    /// <summary>
    /// The same of several processes with equally many channels: their mean, or what they take together.
    /// </summary>
    internal static SideResult Of(IReadOnlyList<SideResult> all) =>
        new(
            all.Average(one => one.IdleKiB),
            all.Average(one => one.IdleHeapKiB),
            all.Average(one => one.UsedKiB),
            all.Average(one => one.UsedHeapKiB),
            all.Sum(one => one.CpuSeconds),
            [
                .. Enumerable
                    .Range(0, all.Min(one => one.MemoryMiB.Count))
                    .Select(look => all.Sum(one => one.MemoryMiB[look])),
            ]
        );

    private static double Each(long bytes, int channels) => bytes / 1024.0 / Math.Max(1, channels);
}
