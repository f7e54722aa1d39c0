namespace SymRatchet.Aggregation;

internal sealed class SumAggregator : IAggregator
{
    public string Name => "sum";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double sum = 0;
        foreach (Measurement measurement in measurements)
            sum += measurement.Value;
        return sum;
    }
}
