namespace SymRatchet.Comparison.Scenarios;

/// <summary>A peer made ready for a scenario.</summary>
internal interface IMeasurement : IAsyncDisposable
{
    /// <summary>Measures once, for about so long.</summary>
    Task<Measured> MeasureAsync(TimeSpan time);

    /// <summary>
    /// The CPU time that all processes have used so far; null where it says nothing.
    /// </summary>
    Task<TimeSpan?> CpuAsync();
}
