namespace SymRatchet.Aggregation;

internal sealed class MinAggregator : IAggregator
{
    public string Name => "min";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double least = double.PositiveInfinity;
        foreach (Measurement measurement in measurements)
            least = Math.Min(least, measurement.Value);
        return least;
    }
}
