namespace SymRatchet.Aggregation;

/// <summary>
/// Makes one number out of the numbers of a round. Implementations hold no state between calls and are safe for several threads.
/// </summary>
public interface IAggregator
{
    /// <summary>A short name in lower case, for command lines and logs.</summary>
    string Name { get; }

    /// <summary>Aggregates one round.</summary>
    /// <param name="measurements">All numbers of the round, at least one, all finite, those of one client side by side.</param>
    /// <returns>A finite number; anything else refuses the round to its clients.</returns>
    double Aggregate(ReadOnlySpan<Measurement> measurements);
}
