using SymRatchet.Aggregation;
using Xunit.Abstractions;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>
/// Every order of the steps below, to a bound, on the engine and on the plain reference: what clients do before, while
/// and after a round is aggregated, with an aggregator that throws in some. An order whose last step changes nothing is
/// not followed further: what comes after it is what comes without that step.
/// </summary>
public sealed class RoundInterleavings(ITestOutputHelper output)
{
    private const int Bound = 6;

    private static readonly RoundStep[] Begin = [new RoundStep.Join("a", 1), new RoundStep.Join("b", 1)];

    private static readonly RoundStep[] Steps =
    [
        new RoundStep.Contribute("a", [1], null, false),
        new RoundStep.Contribute("b", [FailingMean.Unlucky, 4], null, false),
        new RoundStep.Take(),
        new RoundStep.Publish(),
        new RoundStep.Leave("a"),
        new RoundStep.Join("b", 1), // takes the place of an earlier session where there is one
        new RoundStep.Close(),
        new RoundStep.Wait(100),
    ];

    private readonly HashSet<string> _whileAggregating = [];
    private int _orders;

    public static TheoryData<string> Rules => ["at once", "all present", "quorum", "quorum or late", "time"];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Every_order_to_the_bound_is_what_the_reference_says(string rule)
    {
        Explore(RuleOf(rule), []);
        output.WriteLine($"{rule}: {_orders:N0} orders of up to {Bound} steps");
        Assert.InRange(_orders, 1_000, int.MaxValue);
        string[] expected =
            rule == "at once"
                ? ["Contribute", "Leave", "Join", "Publish"]
                : ["Contribute", "Leave", "Join", "Close", "Publish"];
        Assert.Superset(expected.ToHashSet(), _whileAggregating);
    }

    private static RoundClosing RuleOf(string rule) =>
        rule switch
        {
            "at once" => RoundClosing.Immediately,
            "all present" => RoundClosing.WhenAllPresent(),
            "quorum" => RoundClosing.AtQuorum(1),
            "quorum or late" => RoundClosing.AtQuorum(2, TimeSpan.FromMilliseconds(100)),
            _ => RoundClosing.After(TimeSpan.FromMilliseconds(100)),
        };

    private void Explore(RoundClosing closing, RoundStep[] before)
    {
        foreach (RoundStep step in Steps)
        {
            RoundRun run = new(closing, new FailingMean());
            foreach (RoundStep earlier in Begin.Concat(before))
                run.Do(earlier);
            run.Skip();
            bool aggregating = run.IsAggregating;
            RoundStep[] steps = [.. before, step];
            bool changed = Tell(steps, () => run.Do(step));
            Tell(
                steps,
                () =>
                {
                    run.Compare();
                    return true;
                }
            );
            _orders++;
            if (!changed)
                continue;
            if (aggregating)
                _whileAggregating.Add(step.GetType().Name);
            if (steps.Length < Bound)
                Explore(closing, steps);
        }
    }

    private static bool Tell(RoundStep[] steps, Func<bool> check)
    {
        try
        {
            return check();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"After {string.Join("; ", steps.AsEnumerable())}", e);
        }
    }
}
