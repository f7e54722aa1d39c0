namespace SymRatchet.Aggregation;

/// <summary>The mean of the numbers, weighted by the clients' weights.</summary>
internal sealed class WeightedMeanAggregator : IAggregator
{
    public string Name => "weighted-mean";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double sum = 0;
        double weights = 0;
        foreach (Measurement measurement in measurements)
        {
            sum += measurement.Value * measurement.Weight;
            weights += measurement.Weight;
        }

        return sum / weights;
    }
}
