namespace SymRatchet.Aggregation;

/// <summary>
/// An aggregator that tells each client a number of its own. What it tells everybody goes to the history.
/// </summary>
/// <remarks><see cref="IBatchPersonalAggregator"/> answers all clients of a round in one pass.</remarks>
public interface IPersonalAggregator : IAggregator
{
    /// <summary>Aggregates one round for one of its clients.</summary>
    /// <param name="client">The client that is answered; it has at least one number in the round.</param>
    /// <param name="measurements">As for <see cref="IAggregator.Aggregate"/>.</param>
    /// <returns>A finite number; anything else refuses the round to this client.</returns>
    double AggregateFor(ClientId client, ReadOnlySpan<Measurement> measurements);
}
