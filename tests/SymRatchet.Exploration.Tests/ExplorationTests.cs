using SymRatchet.Exploration.Machine;
using SymRatchet.Exploration.World;
using Xunit.Abstractions;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace SymRatchet.Exploration;

/// <summary>
/// The lifetime of two channels, explored. The bound: for each scenario the schedules with at most two departures from
/// the default order (EXPLORATION_DEPTH), fewest first and at most EXPLORATION_RUNS of them, so all with one departure
/// and an even sample of those with two; and as many random walks, which depart as often as they like. A departure lets
/// another call, completion or continuation go first, also inside a call, wherever the library calls into its
/// transport, a receiver's buffer or the pool. A failure prints its schedule and what ran.
/// </summary>
public sealed class ExplorationTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. Scenarios.All.Select(scenario => scenario.ToString())];

    public static TheoryData<string> WideNames => [.. Scenarios.Wide.Select(scenario => scenario.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_rule_holds_in_every_schedule_within_the_bound(string name)
    {
        Scenario scenario = Scenarios.All.Single(scenario => scenario.ToString() == name);
        SearchResult result = new Search(
            chooser => Run.Execute(scenario, chooser),
            Settings.Depth,
            Settings.Runs,
            Settings.Failures
        ).Systematic();
        Report(scenario, result);
    }

    [Theory]
    [MemberData(nameof(Names))]
    [MemberData(nameof(WideNames))]
    public void Every_rule_holds_in_random_walks(string name)
    {
        Scenario scenario = Scenarios.All.Concat(Scenarios.Wide).Single(scenario => scenario.ToString() == name);
        SearchResult result = new Search(
            chooser => Run.Execute(scenario, chooser),
            Settings.Depth,
            Settings.Runs,
            Settings.Failures
        ).Random(Settings.Seed);
        Report(scenario, result);
    }

    private void Report(Scenario scenario, SearchResult result)
    {
        output.WriteLine($"{result.Runs} runs{(result.IsExhausted ? ", all within the bound" : "")}");
        foreach ((Rule rule, Finding finding) in result.Findings)
        {
            output.WriteLine(
                $"{scenario} | {rule} | {finding.Runs} of {result.Runs} | {finding.Shortest} | {finding.Detail}"
            );
            Run.Execute(scenario, new ReplayChooser(finding.Shortest), out IReadOnlyList<string> trace);
            foreach (string line in trace)
                output.WriteLine($"    {line}");
        }

        Assert.Empty(
            result.Findings.Select(finding =>
                $"{finding.Key}, schedule {finding.Value.Shortest}: {finding.Value.Detail}"
            )
        );
    }
}
