namespace SymRatchet.Comparison.Running;

/// <summary>What was measured of one peer in one scenario.</summary>
internal sealed class Samples(string peer)
{
    private readonly List<double> _values = [];

    internal string Peer => peer;

    internal double Median => _values.Order().ElementAt(_values.Count / 2);

    internal double Min => _values.Min();

    internal double Max => _values.Max();

    internal void Add(double value) => _values.Add(value);
}
