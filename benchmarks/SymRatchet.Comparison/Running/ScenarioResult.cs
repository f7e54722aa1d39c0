using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Running;

/// <summary>What was measured of all peers in one scenario.</summary>
internal sealed record ScenarioResult(Scenario Scenario, IReadOnlyList<Samples> Peers);
