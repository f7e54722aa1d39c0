namespace SymRatchet.Aggregation;

/// <summary>
/// A personal aggregator that answers all clients of a round in one pass. Without it, a round of n clients costs n
/// calls of <see cref="IPersonalAggregator.AggregateFor"/>, each over all numbers.
/// </summary>
public interface IBatchPersonalAggregator : IPersonalAggregator
{
    /// <summary>Aggregates one round for each of its clients.</summary>
    /// <param name="measurements">As for <see cref="IAggregator.Aggregate"/>.</param>
    /// <param name="answers">
    /// Takes one finite number for each client, in the order in which the clients' numbers stand in
    /// <paramref name="measurements"/>. It is NaN before the call; what is not finite after it refuses the round to
    /// that client.
    /// </param>
    void AggregateForAll(ReadOnlySpan<Measurement> measurements, Span<double> answers);
}
