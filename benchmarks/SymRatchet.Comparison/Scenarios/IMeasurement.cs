namespace SymRatchet.Comparison.Scenarios;

/// <summary>A peer made ready for a scenario.</summary>
internal interface IMeasurement : IAsyncDisposable
{
    /// <summary>Measures once, for about so long.</summary>
    Task<Measured> MeasureAsync(TimeSpan time);

    /// <summary>
    /// The CPU time that both processes have used so far; null where a part of the work is another program's.
    /// </summary>
    Task<TimeSpan?> CpuAsync();
}
