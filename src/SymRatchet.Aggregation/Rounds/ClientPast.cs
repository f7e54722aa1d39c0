namespace SymRatchet.Aggregation;

/// <summary>
/// What one client has contributed so far, as far back as its share of memory reaches; the newest is always there.
/// </summary>
internal sealed class ClientPast(int capacity)
{
    private const int CostOfContribution = 8;

    private readonly Dictionary<long, double[]> _contributions = [];
    private long _oldest = 1;
    private long _cost;

    /// <summary>How many rounds the client has completed.</summary>
    internal long Completed { get; private set; }

    internal double[]? Find(long round) => _contributions.GetValueOrDefault(round);

    /// <summary>Takes over a contribution.</summary>
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
