using SymRatchet.Peers.Scenarios;

namespace SymRatchet.Peers.Running;

/// <summary>What was measured of all peers in one scenario.</summary>
internal sealed record ScenarioResult(Scenario Scenario, IReadOnlyList<Samples> Peers);
