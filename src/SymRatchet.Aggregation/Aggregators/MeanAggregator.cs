namespace SymRatchet.Aggregation;

internal sealed class MeanAggregator : IAggregator
{
    public string Name => "mean";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double sum = 0;
        foreach (Measurement measurement in measurements)
            sum += measurement.Value;
        return sum / measurements.Length;
    }
}
