using SymRatchet.Aggregation;

namespace SymRatchet.Documents.Tests.Examples.Extending;

internal sealed class RangeAggregator : IAggregator
{
    public string Name => "range";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double least = double.PositiveInfinity;
        double greatest = double.NegativeInfinity;
        foreach (Measurement measurement in measurements)
            (least, greatest) = (Math.Min(least, measurement.Value), Math.Max(greatest, measurement.Value));
        return greatest - least;
    }
}
