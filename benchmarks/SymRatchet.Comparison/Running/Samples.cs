using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Running;

/// <summary>What was measured of one peer in one scenario.</summary>
internal sealed class Samples(string peer)
{
    // A median that half of the samples are further from than a tenth of it tells little.
    private const double Noise = 0.2;

    private readonly List<double> _values = [];
    private TimeSpan _cpu;
    private double _count;
    private bool _knowsCpu;

    internal string Peer => peer;

    internal double Median => At(0.5);

    internal double Min => _values.Min();

    internal double Max => _values.Max();

    /// <summary>A quarter of the samples is below.</summary>
    internal double LowerQuartile => At(0.25);

    /// <summary>A quarter of the samples is above.</summary>
    internal double UpperQuartile => At(0.75);

    /// <summary>The range of the half in the middle, as a share of the median.</summary>
    internal double Spread => Median == 0 ? 0 : (UpperQuartile - LowerQuartile) / Math.Abs(Median);

    /// <summary>Whether the machine did too much else for the median to mean something.</summary>
    internal bool IsNoisy => Spread > Noise;

    /// <summary>The CPU time of both processes for each thing, in microseconds; null where it is not known.</summary>
    internal double? Cpu => _knowsCpu && _count > 0 ? _cpu.TotalMicroseconds / _count : null;

    internal void Add(Measured measured, TimeSpan? cpu)
    {
        _values.Add(measured.Value);
        _count += measured.Count;
        _cpu += cpu ?? TimeSpan.Zero;
        _knowsCpu = cpu is not null;
    }

    private double At(double share) => _values.Order().ElementAt((int)(share * _values.Count));
}
