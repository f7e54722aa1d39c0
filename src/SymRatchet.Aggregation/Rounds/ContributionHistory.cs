namespace SymRatchet.Aggregation;

/// <summary>The contributions of one client, limited to a share of memory; the newest is always kept.</summary>
internal sealed class ContributionHistory(int capacity)
{
    private const int CostOfContribution = 8;

    private readonly Dictionary<long, double[]> _contributions = [];
    private long _oldest = 1;
    private long _cost;

    /// <summary>The number of rounds that the client has completed.</summary>
    internal long Completed { get; private set; }

    internal double[]? Find(long round) => _contributions.GetValueOrDefault(round);

    /// <summary>Adds a contribution, whose array is kept.</summary>
    internal void Add(double[] numbers)
    {
        _contributions.Add(++Completed, numbers);
        _cost += Cost(numbers.Length);
        while (_cost > capacity && _oldest < Completed)
        {
            _contributions.Remove(_oldest++, out double[]? dropped);
            _cost -= Cost(dropped!.Length);
        }
    }

    private static int Cost(int numbers) => numbers + CostOfContribution;
}
