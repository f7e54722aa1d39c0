namespace SymRatchet.Aggregation;

/// <summary>
/// Tells each client the mean of what the others sent, so that it can compare itself; alone, it hears its own.
/// </summary>
/// <remarks>
/// Nothing is subtracted from a sum of all: a client's own numbers do not touch its answer, however large they are.
/// Both methods add up the others' numbers, in different orders, so each is within 2^-52 times the sum of their
/// magnitudes of the exact mean.
/// </remarks>
internal sealed class MeanOfOthersAggregator : IBatchPersonalAggregator
{
    public string Name => "mean-of-others";

    public double Aggregate(ReadOnlySpan<Measurement> measurements) =>
        BuiltInAggregators.Default.Aggregate(measurements);

    public double AggregateFor(ClientId client, ReadOnlySpan<Measurement> measurements)
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

    // What the others sent is what stands before a client's numbers and what stands after them: one pass for each.
    public void AggregateForAll(ReadOnlySpan<Measurement> measurements, Span<double> answers)
    {
        double before = 0;
        int client = 0;
        for (int start = 0; start < measurements.Length; client++)
        {
            int end = EndOfClient(measurements, start);
            answers[client] = before;
            for (; start < end; start++)
                before += measurements[start].Value;
        }

        if (client == 1)
        {
            answers[0] = Aggregate(measurements);
            return;
        }

        double after = 0;
        for (int end = measurements.Length; end > 0; )
        {
            int start = StartOfClient(measurements, end);
            client--;
            answers[client] = (answers[client] + after) / (measurements.Length - (end - start));
            for (; end > start; end--)
                after += measurements[end - 1].Value;
        }
    }

    private static int EndOfClient(ReadOnlySpan<Measurement> measurements, int start)
    {
        int end = start + 1;
        while (end < measurements.Length && measurements[end].Client == measurements[start].Client)
            end++;
        return end;
    }

    private static int StartOfClient(ReadOnlySpan<Measurement> measurements, int end)
    {
        int start = end - 1;
        while (start > 0 && measurements[start - 1].Client == measurements[end - 1].Client)
            start--;
        return start;
    }
}
