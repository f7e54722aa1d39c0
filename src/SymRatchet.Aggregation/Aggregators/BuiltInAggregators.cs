namespace SymRatchet.Aggregation;

/// <summary>Provides the built-in aggregators by name.</summary>
/// <remarks>Thread-safe, as the aggregators are.</remarks>
public static class BuiltInAggregators
{
    private static readonly IAggregator[] All =
    [
        new MeanAggregator(),
        new SumAggregator(),
        new MedianAggregator(),
        new MinAggregator(),
        new MaxAggregator(),
        new WeightedMeanAggregator(),
        new MeanOfOthersAggregator(),
    ];

    /// <summary>Gets the default aggregator: the unweighted mean of all numbers.</summary>
    public static IAggregator Default => All[0];

    /// <summary>Gets the names that <see cref="Find"/> accepts.</summary>
    public static IReadOnlyList<string> Names { get; } = Array.ConvertAll(All, aggregator => aggregator.Name);

    /// <summary>Returns the aggregator with a name; case does not matter.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentNullException"><paramref name="name"/> is null.</exception>
    /// <exception cref="ArgumentException">The name is unknown; the message lists the names.</exception>
    public static IAggregator Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Find(All, aggregator => string.Equals(aggregator.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no aggregator '{name}'; there are {string.Join(", ", Names)}.");
    }
}
