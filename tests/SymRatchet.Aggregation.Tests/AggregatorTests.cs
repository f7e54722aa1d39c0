using System.Diagnostics;

namespace SymRatchet.Aggregation.Tests;

[Collection(Alone.Name)]
public sealed class AggregatorTests
{
    private static readonly Measurement[] Round =
    [
        new("a", 4, 1),
        new("a", -2, 1),
        new("b", 10, 3),
        new("c", 0.5, 0.5),
    ];

    [Theory]
    [InlineData("mean", 3.125)]
    [InlineData("sum", 12.5)]
    [InlineData("median", 2.25)]
    [InlineData("min", -2)]
    [InlineData("max", 10)]
    [InlineData("weighted-mean", 32.25 / 5.5)]
    [InlineData("mean-of-others", 3.125)]
    public void Each_built_in_aggregator_computes_what_its_name_says(string name, double expected) =>
        Assert.Equal(expected, BuiltInAggregators.Find(name).Aggregate(Round), precision: 12);

    [Fact]
    public void Every_listed_name_is_found_and_the_default_is_the_mean()
    {
        Assert.All(
            BuiltInAggregators.Names,
            name => Assert.Equal(name, BuiltInAggregators.Find(name.ToUpperInvariant()).Name)
        );
        Assert.Equal("mean", BuiltInAggregators.Default.Name);
        Assert.Equal(7, BuiltInAggregators.Names.Count);
    }

    [Fact]
    public void An_unknown_name_is_answered_with_the_known_ones()
    {
        var e = Assert.Throws<ArgumentException>(() => BuiltInAggregators.Find("average"));
        Assert.Contains("'average'", e.Message, StringComparison.Ordinal);
        Assert.All(BuiltInAggregators.Names, name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void The_median_of_an_odd_count_is_the_one_in_the_middle_and_order_does_not_matter()
    {
        Measurement[] measurements = [new("a", 9, 1), new("b", -1, 1), new("c", 5, 1)];
        Assert.Equal(5, BuiltInAggregators.Find("median").Aggregate(measurements));
        Assert.Equal(9, measurements[0].Value); // the caller's numbers stay where they were
    }

    [Fact]
    public void Mean_of_others_leaves_out_the_one_who_asks_unless_it_is_alone()
    {
        var aggregator = Assert.IsAssignableFrom<IPersonalAggregator>(BuiltInAggregators.Find("mean-of-others"));
        Assert.Equal(5.25, aggregator.AggregateFor("a", Round));
        Assert.Equal(2.5 / 3, aggregator.AggregateFor("b", Round), precision: 12);
        Assert.Equal(1, aggregator.AggregateFor("a", Round.AsSpan(0, 2)));
    }

    [Fact]
    public void Answers_to_all_are_those_to_each_and_no_clients_own_numbers_touch_its_answer()
    {
        var aggregator = Assert.IsAssignableFrom<IBatchPersonalAggregator>(BuiltInAggregators.Find("mean-of-others"));
        Measurement[] measurements =
        [
            new("huge", 1e13, 1),
            new("a", 0.1, 1),
            new("a", 0.2, 1),
            new("b", -0.3, 1),
            new("c", 0.7, 1),
        ];
        double[] answers = new double[4];
        aggregator.AggregateForAll(measurements, answers);
        // 1e13 less 1e13 would be off by 1e-3
        Assert.Equal((0.1 + 0.2 - 0.3 + 0.7) / 4, answers[0], tolerance: 1.3 * Math.ScaleB(1, -52));
        string[] clients = ["huge", "a", "b", "c"];
        Assert.All(
            answers,
            (answer, i) =>
                Assert.Equal(
                    aggregator.AggregateFor(clients[i], measurements),
                    answer,
                    tolerance: 1e13 * Math.ScaleB(1, -52)
                )
        );

        aggregator.AggregateForAll(measurements.AsSpan(1, 2), answers.AsSpan(0, 1));
        Assert.Equal(0.15, answers[0], precision: 12); // alone
    }

    public static TheoryData<string> Names => new(BuiltInAggregators.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void Four_times_the_clients_are_about_four_times_the_work(string name)
    {
        // The least of many, side by side: a machine that is busy with other things does not count.
        double few = double.PositiveInfinity;
        double many = double.PositiveInfinity;
        for (int i = 0; i < 25; i++)
        {
            few = Math.Min(few, TimeOfRound(name, 1_000));
            many = Math.Min(many, TimeOfRound(name, 4_000));
        }

        Assert.InRange(many / few, 0, 9); // 4 where it is linear, 16 where it is quadratic
    }

    [Fact]
    public void A_round_hands_each_number_to_an_aggregator_that_answers_all_at_once_twice()
    {
        Counting counting = new();
        EngineHarness harness = new(
            RoundClosing.AtQuorum(100),
            options => new RoundOptions(options) { Aggregator = counting }
        );
        foreach (RoundMember member in Enumerable.Range(0, 100).Select(i => harness.Join($"{i}")).ToArray())
            harness.Contribute(member, 1, 2, 3);
        Assert.Equal(2 * 300, counting.Seen);
        Assert.Equal(["0 1: 7", "99: AggregateFailed"], harness.Outcomes().Where((_, i) => i is 0 or 99));
    }

    private static double TimeOfRound(string name, int clients)
    {
        EngineHarness harness = new(
            RoundClosing.AtQuorum(clients),
            options => new RoundOptions(options) { Aggregator = BuiltInAggregators.Find(name), Observer = null }
        );
        foreach (RoundMember member in Enumerable.Range(0, clients).Select(i => harness.Join($"client {i}")).ToArray())
            harness.Engine.Contribute(member, [1, 2, 3, 4]);
        RoundAggregation closed = harness.Engine.TakeAggregation()!;
        long begin = Stopwatch.GetTimestamp();
        closed.Run();
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    /// <summary>Counts the numbers that it is shown, answers 7, and does not answer the last client.</summary>
    private sealed class Counting : IBatchPersonalAggregator
    {
        internal int Seen { get; private set; }

        public string Name => "counting";

        public double Aggregate(ReadOnlySpan<Measurement> measurements)
        {
            Seen += measurements.Length;
            return 7;
        }

        public double AggregateFor(ClientId client, ReadOnlySpan<Measurement> measurements) => Aggregate(measurements);

        public void AggregateForAll(ReadOnlySpan<Measurement> measurements, Span<double> answers)
        {
            Seen += measurements.Length;
            answers[..^1].Fill(7);
        }
    }
}
