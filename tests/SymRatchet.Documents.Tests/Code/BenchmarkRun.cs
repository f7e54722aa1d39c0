using System.Globalization;
using System.Text.Json;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Code;

/// <summary>The run that the numbers of docs/performance.md are of.</summary>
internal sealed class BenchmarkRun
{
    private readonly Dictionary<(string Scenario, string Peer), double> _medians = [];
    private readonly HashSet<(string Scenario, string Peer)> _noisy = [];

    internal BenchmarkRun()
    {
        using var run = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("docs", "performance", "run.json")));
        Machine = run.RootElement.GetProperty("machine").GetString()!;
        foreach (JsonElement scenario in run.RootElement.GetProperty("scenarios").EnumerateArray())
        {
            string name = scenario.GetProperty("name").GetString()!;
            foreach (JsonElement result in scenario.GetProperty("results").EnumerateArray())
            {
                string peer = result.GetProperty("peer").GetString()!;
                _medians[(name, peer)] = result.GetProperty("median").GetDouble();
                if (result.GetProperty("noisy").GetBoolean())
                    _noisy.Add((name, peer));
            }
        }
    }

    internal string Machine { get; }

    internal IEnumerable<string> Scenarios => _medians.Keys.Select(key => key.Scenario).Distinct();

    internal IEnumerable<string> PeersOf(IEnumerable<string> scenarios) =>
        _medians.Keys.Where(key => scenarios.Contains(key.Scenario)).Select(key => key.Peer).Distinct();

    internal double this[string scenario, string peer] => _medians[(scenario, peer)];

    /// <summary>A cell of a table: marked where the machine was too noisy, empty where the peer took no part.</summary>
    internal string Cell(string scenario, string peer) =>
        !_medians.ContainsKey((scenario, peer)) ? ""
        : _noisy.Contains((scenario, peer)) ? "~ " + Number(scenario, peer)
        : Number(scenario, peer);

    internal string Number(string scenario, string peer)
    {
        double value = this[scenario, peer];
        return value >= 100
            ? value.ToString("N0", CultureInfo.InvariantCulture)
            : value.ToString(value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
    }

    /// <summary>How many times the one value is the other.</summary>
    internal double Ratio(string scenario, string one, string other) => this[scenario, one] / this[scenario, other];
}
