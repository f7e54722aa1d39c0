namespace SymRatchet.Aggregation;

internal sealed class MaxAggregator : IAggregator
{
    public string Name => "max";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double greatest = double.NegativeInfinity;
        foreach (Measurement measurement in measurements)
            greatest = Math.Max(greatest, measurement.Value);
        return greatest;
    }
}
