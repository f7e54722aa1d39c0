namespace SymRatchet.Comparison.Scenarios;

/// <summary>One measurement.</summary>
/// <param name="Value">The result in the scenario's unit.</param>
/// <param name="Count">How many of the scenario's things were done.</param>
internal readonly record struct Measured(double Value, double Count);
