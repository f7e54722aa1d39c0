namespace SymRatchet.Aggregation;

/// <summary>
/// Answers each client with the mean of the others' numbers, for comparison; a client alone gets the mean of its own.
/// </summary>
/// <remarks>
/// The others' numbers are summed, rather than a client's subtracted from the total, so that its own numbers cannot
/// affect its answer, however large they are. The two methods sum in different orders; each result is within 2^-52
/// times the sum of the magnitudes of the exact mean.
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

    // The others' numbers are those before a client's and those after them: one pass for each.
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
