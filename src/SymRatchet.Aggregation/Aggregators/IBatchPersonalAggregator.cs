namespace SymRatchet.Aggregation;

/// <summary>Computes the personal answers of all clients of a round in one call.</summary>
/// <remarks>
/// Otherwise a round of n clients takes n calls of <see cref="IPersonalAggregator.AggregateFor"/>, each over all
/// numbers.
/// </remarks>
public interface IBatchPersonalAggregator : IPersonalAggregator
{
    /// <summary>Aggregates a round for each of its clients.</summary>
    /// <param name="measurements">As for <see cref="IAggregator.Aggregate"/>.</param>
    /// <param name="answers">
    /// Receives one finite number for each client, in the order of the clients in <paramref name="measurements"/>.
    /// Initially NaN; a value that is not finite fails the round for that client.
    /// </param>
    void AggregateForAll(ReadOnlySpan<Measurement> measurements, Span<double> answers);
}
