namespace SymRatchet.Exploration.Machine;

/// <summary>
/// Enumerates runs. The systematic part takes every schedule with at most <paramref name="maxDeviations"/> departures
/// from the default order, fewest first, so that the first one that fails is a shortest; the random part walks from
/// seeds. Neither makes more than <paramref name="maxRuns"/> runs, and both stop after <paramref name="maxFailures"/>
/// that failed. A run that fails is made again from its schedule, and counts where it fails again: when the thread pool
/// has come to rest cannot be known for certain, and a thread that the machine holds back looks like a call that hangs.
/// </summary>
internal sealed class Search(
    Func<Chooser, IReadOnlyList<Violation>> run,
    int maxDeviations,
    int maxRuns,
    int maxFailures
)
{
    private const int Confirmations = 2;

    internal SearchResult Systematic()
    {
        SearchResult result = new() { IsExhausted = true };
        List<Schedule> level = [Schedule.Default];
        for (int deviations = 0; deviations <= maxDeviations; deviations++)
        {
            List<Schedule> next = [];
            int count = Math.Min(level.Count, maxRuns - result.Runs);
            result.IsExhausted &= count == level.Count;
            for (int i = 0; i < count && result.Failures < maxFailures; i++)
            {
                // A level that is too large is sampled evenly.
                Schedule schedule = level[(int)((long)i * level.Count / count)];
                ReplayChooser chooser = new(schedule);
                result.Add(schedule, Confirmed(schedule, run(chooser)));
                if (deviations < maxDeviations)
                    next.AddRange(Children(schedule, chooser.Alternatives).Select(schedule.With));
            }

            result.IsExhausted &= result.Failures < maxFailures;
            level = next;
        }

        return result;
    }

    internal SearchResult Random(int firstSeed)
    {
        SearchResult result = new();
        for (int seed = firstSeed; result.Runs < maxRuns && result.Failures < maxFailures; seed++)
        {
            RandomChooser chooser = new(seed);
            IReadOnlyList<Violation> violations = run(chooser);
            result.Add(chooser.Taken, Confirmed(chooser.Taken, violations));
        }

        return result;
    }

    private IReadOnlyList<Violation> Confirmed(Schedule schedule, IReadOnlyList<Violation> violations)
    {
        for (int i = 0; i < Confirmations && violations.Count > 0; i++)
        {
            HashSet<Rule> again = [.. run(new ReplayChooser(schedule)).Select(violation => violation.Rule)];
            violations = [.. violations.Where(violation => again.Contains(violation.Rule))];
        }

        return violations;
    }

    // Only departures after the last one: each set of departures is met once.
    private static IEnumerable<Deviation> Children(Schedule schedule, IReadOnlyList<int> alternatives)
    {
        int first = schedule.Deviations.Count == 0 ? 0 : schedule.Deviations[^1].Point + 1;
        for (int point = first; point < alternatives.Count; point++)
        {
            for (int choice = 1; choice < alternatives[point]; choice++)
                yield return new Deviation(point, choice);
        }
    }
}

/// <summary>How many runs there were, and for each rule how many broke it, with the shortest schedule.</summary>
internal sealed class SearchResult
{
    private readonly SortedDictionary<Rule, Finding> _findings = [];

    internal int Runs { get; private set; }

    /// <summary>How many runs broke a rule.</summary>
    internal int Failures { get; private set; }

    /// <summary>Whether there is no schedule within the bound that was not run.</summary>
    internal bool IsExhausted { get; set; }

    internal IReadOnlyDictionary<Rule, Finding> Findings => _findings;

    internal void Add(Schedule schedule, IReadOnlyList<Violation> violations)
    {
        Runs++;
        Failures += violations.Count > 0 ? 1 : 0;
        foreach (IGrouping<Rule, Violation> broken in violations.GroupBy(violation => violation.Rule))
        {
            Finding? earlier = _findings.GetValueOrDefault(broken.Key);
            bool isShorter = earlier is null || schedule.Deviations.Count < earlier.Shortest.Deviations.Count;
            _findings[broken.Key] = new Finding(
                1 + (earlier?.Runs ?? 0),
                isShorter ? schedule : earlier!.Shortest,
                isShorter ? broken.First().Detail : earlier!.Detail
            );
        }
    }
}

internal sealed record Finding(int Runs, Schedule Shortest, string Detail);
