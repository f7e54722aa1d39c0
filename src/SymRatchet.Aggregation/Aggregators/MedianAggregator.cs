using System.Buffers;

namespace SymRatchet.Aggregation;

/// <summary>The median; for an even count, the mean of the two middle numbers.</summary>
internal sealed class MedianAggregator : IAggregator
{
    public string Name => "median";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double[] rented = ArrayPool<double>.Shared.Rent(measurements.Length);
        Span<double> values = rented.AsSpan(0, measurements.Length);
        for (int i = 0; i < values.Length; i++)
            values[i] = measurements[i].Value;
        values.Sort();

        double upper = values[values.Length / 2];
        double lower = values[(values.Length - 1) / 2];
        ArrayPool<double>.Shared.Return(rented);
        return lower + ((upper - lower) / 2);
    }
}
