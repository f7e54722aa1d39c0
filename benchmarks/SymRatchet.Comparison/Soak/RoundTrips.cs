using HdrHistogram;

namespace SymRatchet.Comparison.Soak;

/// <summary>Round trips in milliseconds.</summary>
internal sealed record RoundTrips(double P50, double P90, double P99, double P999, double Max)
{
    /// <summary>Ten minutes in microseconds.</summary>
    internal const long Longest = 600_000_000;

    /// <summary>To how many digits they are counted.</summary>
    internal const int Digits = 3;

    /// <summary>Puts together how often each time was counted.</summary>
    internal static RoundTrips Of(IEnumerable<long[]> counts)
    {
        LongHistogram all = new(Longest, Digits);
        foreach (long[] count in counts)
            all.RecordValueWithCount(count[0], count[1]);
        return Of(all);
    }

    private static RoundTrips Of(HistogramBase microseconds) =>
        microseconds.TotalCount == 0
            ? new RoundTrips(0, 0, 0, 0, 0)
            : new RoundTrips(
                At(microseconds, 50),
                At(microseconds, 90),
                At(microseconds, 99),
                At(microseconds, 99.9),
                At(microseconds, 100)
            );

    private static double At(HistogramBase microseconds, double percentile) =>
        microseconds.GetValueAtPercentile(percentile) / 1000.0;
}
