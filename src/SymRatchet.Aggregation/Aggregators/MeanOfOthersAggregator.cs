namespace SymRatchet.Aggregation;

/// <summary>Tells each client the mean of what the others sent, so that it can compare itself; alone, it hears its own.</summary>
internal sealed class MeanOfOthersAggregator : IPersonalAggregator
{
    public string Name => "mean-of-others";

    public double Aggregate(ReadOnlySpan<Measurement> measurements) => BuiltInAggregators.Default.Aggregate(measurements);

    public double AggregateFor(string client, ReadOnlySpan<Measurement> measurements)
    {
        double sum = 0;
        int count = 0;
        foreach (Measurement measurement in measurements)
        {
            if (measurement.Client == client)
                continue;
            sum += measurement.Value;
            count++;
        }

        return count == 0 ? Aggregate(measurements) : sum / count;
    }
}
