namespace SymRatchet.Aggregation;

/// <summary>
/// Makes one number out of the numbers of a round. Implementations hold no state between calls and are safe for several
/// threads.
/// </summary>
/// <remarks>
/// It may take its time: only the clients of its round, and the rounds after it, wait for it. It is called once for a
/// round, and once for each answer where rounds are answered at once.
/// </remarks>
public interface IAggregator
{
    /// <summary>A short name in lower case, for command lines and logs.</summary>
    string Name { get; }

    /// <summary>Aggregates one round.</summary>
    /// <param name="measurements">
    /// All numbers of the round, at least one, all finite, those of one client side by side.
    /// </param>
    /// <returns>A finite number; anything else refuses the round to its clients.</returns>
    double Aggregate(ReadOnlySpan<Measurement> measurements);
}
