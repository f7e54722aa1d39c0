using Spectre.Console;
using SymRatchet.Comparison.Scenarios;

namespace SymRatchet.Comparison.Running;

/// <summary>
/// Measures peers side by side: each scenario in many short rounds, and in each round every peer once, so that whatever
/// drifts on the machine hits all of them alike.
/// </summary>
internal sealed class ComparisonRun(
    IReadOnlyList<Scenario> scenarios,
    IReadOnlySet<string>? peers,
    TimeSpan timeForEach
)
{
    // Of fewer turns, the half in the middle tells nothing of the noise.
    private const int LeastRounds = 9;

    private static readonly TimeSpan LongestTurn = TimeSpan.FromMilliseconds(100);

    // Less, and what is measured is in part the compiler's work.
    private static readonly TimeSpan LeastWarmUp = TimeSpan.FromSeconds(1);

    private int Rounds => Math.Max(LeastRounds, (int)(timeForEach / LongestTurn));

    internal Task<List<ScenarioResult>> RunAsync(IAnsiConsole console) =>
        console
            .Progress()
            .StartAsync(async progress =>
            {
                List<ScenarioResult> results = [];
                foreach (Scenario scenario in scenarios)
                {
                    string[] names = [.. scenario.Peers.Where(name => peers?.Contains(name) ?? true)];
                    int rounds = Math.Min(Rounds, scenario.MaxRounds);
                    ProgressTask task = progress.AddTask(
                        scenario.Name,
                        maxValue: Math.Max(1, names.Length * (rounds + 1))
                    );
                    results.Add(await MeasureAsync(scenario, names, rounds, () => task.Increment(1)));
                    task.StopTask();
                }

                return results;
            });

    private async Task<ScenarioResult> MeasureAsync(Scenario scenario, string[] names, int rounds, Action step)
    {
        List<(IMeasurement Measurement, Samples Samples)> prepared = [];
        try
        {
            foreach (string name in names)
            {
                IMeasurement measurement = await scenario.PrepareAsync(name);
                prepared.Add((measurement, new Samples(name)));
                await measurement.MeasureAsync(timeForEach / 3 > LeastWarmUp ? timeForEach / 3 : LeastWarmUp);
                step();
            }

            for (int round = 0; round < rounds; round++)
            {
                foreach ((IMeasurement measurement, Samples samples) in prepared)
                {
                    TimeSpan? before = await measurement.CpuAsync();
                    Measured measured = await measurement.MeasureAsync(timeForEach / Rounds);
                    samples.Add(measured, await measurement.CpuAsync() - before);
                    step();
                }
            }

            return new ScenarioResult(scenario, [.. prepared.Select(peer => peer.Samples)]);
        }
        finally
        {
            foreach ((IMeasurement measurement, _) in prepared)
                await measurement.DisposeAsync();
        }
    }
}
