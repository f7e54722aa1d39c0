namespace SymRatchet.Aggregation.Tests;

/// <summary>Blocks its thread until it is released, or for as long as the limit says; then it is the mean.</summary>
internal sealed class BlockingAggregator(TimeSpan limit) : IAggregator, IDisposable
{
    private readonly ManualResetEventSlim _released = new();
    private int _entered;

    internal int Entered => Volatile.Read(ref _entered);

    public string Name => "blocking";

    public double Aggregate(ReadOnlySpan<Measurement> measurements)
    {
        Interlocked.Increment(ref _entered);
        _released.Wait(limit);
        return BuiltInAggregators.Default.Aggregate(measurements);
    }

    internal void Release() => _released.Set();

    public void Dispose() => _released.Dispose();
}
