namespace SymRatchet.Aggregation;

/// <summary>The aggregators that come with the library, by name. Thread-safe, as they are themselves.</summary>
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

    /// <summary>The mean of all numbers, every number counted alike.</summary>
    public static IAggregator Default => All[0];

    /// <summary>Every name that <see cref="Find"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = Array.ConvertAll(All, aggregator => aggregator.Name);

    /// <summary>Finds an aggregator by its name; case does not matter.</summary>
    /// <param name="name">One of <see cref="Names"/>, in any case.</param>
    /// <exception cref="ArgumentException">The name is unknown; the message lists the known ones.</exception>
    public static IAggregator Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Array.Find(All, aggregator => string.Equals(aggregator.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"There is no aggregator '{name}'; there are {string.Join(", ", Names)}.");
    }
}
