namespace SymRatchet.Comparison.Scenarios;

/// <summary>A peer made ready for a scenario.</summary>
internal interface IMeasurement : IAsyncDisposable
{
    /// <summary>Measures once, for about so long.</summary>
    /// <returns>The result in the scenario's unit.</returns>
    Task<double> MeasureAsync(TimeSpan time);
}
