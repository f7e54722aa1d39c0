namespace SymRatchet.Aggregation;

/// <summary>Computes a separate answer for each client; the common aggregate is kept in the history only.</summary>
/// <remarks><see cref="IBatchPersonalAggregator"/> answers all clients of a round in one pass.</remarks>
public interface IPersonalAggregator : IAggregator
{
    /// <summary>Aggregates a round for one of its clients.</summary>
    /// <param name="client">The client to answer, which has at least one number in the round.</param>
    /// <param name="measurements">As for <see cref="IAggregator.Aggregate"/>.</param>
    /// <returns>A finite number; any other result fails the round for this client.</returns>
    double AggregateFor(ClientId client, ReadOnlySpan<Measurement> measurements);
}
