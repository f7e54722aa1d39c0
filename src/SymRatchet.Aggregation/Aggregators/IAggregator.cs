namespace SymRatchet.Aggregation;

/// <summary>Aggregates the numbers of a round to one number.</summary>
/// <remarks>
/// It may be slow: only the clients of its round and the rounds after it wait for it. It is called once for each round,
/// or once for each answer with <see cref="RoundClosing.Immediately"/>. Implementations keep no state between calls and
/// are thread-safe.
/// </remarks>
public interface IAggregator
{
    /// <summary>Gets a short name in lower case, for command lines and logs.</summary>
    string Name { get; }

    /// <summary>Aggregates one round.</summary>
    /// <param name="measurements">
    /// The numbers of the round: at least one, all finite, those of each client adjacent.
    /// </param>
    /// <returns>A finite number; any other result fails the round for its clients.</returns>
    double Aggregate(ReadOnlySpan<Measurement> measurements);
}
