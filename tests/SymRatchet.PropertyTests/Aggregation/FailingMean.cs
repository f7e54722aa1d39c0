using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>The mean, which throws where a certain number is among the others.</summary>
internal sealed class FailingMean : IAggregator
{
    internal const string NameOfIt = "failing-mean";
    internal const double Unlucky = 13;

    public string Name => NameOfIt;

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        double sum = 0;
        foreach (Measurement measurement in measurements)
            sum += measurement.Value == Unlucky ? throw new InvalidOperationException("unlucky") : measurement.Value;
        return sum / measurements.Length;
    }
}
