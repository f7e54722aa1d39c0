namespace SymRatchet.Aggregation.Tests;

/// <summary>One round for everybody, closed by a rule.</summary>
public sealed class CollectedRoundsTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void All_present_closes_with_the_last_one_and_answers_all()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");

        harness.Contribute(a, 1);
        Assert.Empty(harness.Outcomes());
        harness.Contribute(b, 3);
        Assert.Equal(["a 1: 2", "b 1: 2"], harness.Outcomes());
        harness.Contribute(b, 7);
        harness.Contribute(a, 9);
        Assert.Equal(["b 2: 8", "a 2: 8"], harness.Outcomes());
        Assert.Equal(
            [CloseReason.AllPresent, CloseReason.AllPresent],
            harness.Engine.History.Select(round => round.Reason)
        );
    }

    [Fact]
    public void A_client_that_joins_in_mid_round_is_waited_for()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Contribute(a, 1);
        RoundMember c = harness.Join("c");
        harness.Contribute(b, 2);
        Assert.Empty(harness.Outcomes());
        harness.Contribute(c, 6);
        Assert.Equal(["a 1: 3", "b 1: 3", "c 1: 3"], harness.Outcomes());
    }

    [Fact]
    public void A_client_that_leaves_is_neither_waited_for_nor_counted()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        RoundMember c = harness.Join("c");
        harness.Contribute(a, 1);
        harness.Contribute(c, 100);
        harness.Engine.Leave(c);
        Assert.Empty(harness.Outcomes());
        harness.Engine.Leave(b);
        Assert.Equal(["a 1: 1"], harness.Outcomes());
    }

    [Fact]
    public void A_least_number_of_clients_is_waited_for_even_if_fewer_are_present()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent(atLeast: 2));
        RoundMember a = harness.Join("a");
        harness.Contribute(a, 1);
        Assert.Empty(harness.Outcomes());
        RoundMember b = harness.Join("b");
        harness.Contribute(b, 5);
        Assert.Equal(["a 1: 3", "b 1: 3"], harness.Outcomes());
    }

    [Fact]
    public void A_quorum_closes_and_the_others_are_in_the_next_round()
    {
        EngineHarness harness = new(RoundClosing.AtQuorum(2));
        RoundMember[] members = [harness.Join("a"), harness.Join("b"), harness.Join("c")];
        harness.Contribute(members[0], 1);
        harness.Contribute(members[1], 2);
        harness.Contribute(members[2], 30);
        Assert.Equal(["a 1: 1.5", "b 1: 1.5"], harness.Outcomes());
        harness.Contribute(members[0], 10);
        Assert.Equal(["c 2: 20", "a 2: 20"], harness.Outcomes());
    }

    [Fact]
    public void A_contributor_that_leaves_does_not_count_for_the_quorum()
    {
        EngineHarness harness = new(RoundClosing.AtQuorum(2));
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        RoundMember c = harness.Join("c");
        harness.Contribute(a, 1);
        harness.Engine.Leave(a);
        harness.Contribute(b, 2);
        Assert.Empty(harness.Outcomes());
        harness.Contribute(c, 4);
        Assert.Equal(["b 1: 3", "c 1: 3"], harness.Outcomes());
    }

    [Fact]
    public void Time_runs_from_the_first_contribution()
    {
        EngineHarness harness = new(RoundClosing.After(Second));
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Time.Advance(TimeSpan.FromHours(1));
        Assert.Null(harness.Engine.DueIn);
        harness.Contribute(a, 1);
        Assert.Equal(Second, harness.Engine.DueIn);
        harness.Time.Advance(TimeSpan.FromMilliseconds(999));
        harness.Contribute(b, 3);
        Assert.Empty(harness.Outcomes());
        harness.Time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(TimeSpan.Zero, harness.Engine.DueIn);
        harness.Engine.CloseIfDue();
        Assert.Equal(["a 1: 2", "b 1: 2"], harness.Outcomes());
        Assert.Null(harness.Engine.DueIn);
        Assert.Equal(CloseReason.Time, harness.Engine.History[0].Reason);
        Assert.Equal(harness.Time.GetUtcNow(), harness.Engine.History[0].ClosedAt);
    }

    [Fact]
    public void What_comes_after_the_time_is_late_even_if_nobody_has_looked_at_the_clock()
    {
        EngineHarness harness = new(RoundClosing.After(Second));
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Contribute(a, 1);
        harness.Time.Advance(2 * Second);

        Assert.Equal(RoundRefusal.Late, harness.Engine.Contribute(b, [3], round: 1));
        Assert.Equal(["a 1: 1"], harness.Outcomes());
        Assert.Equal(RoundRefusal.None, harness.Engine.Contribute(b, [3], round: 2));
    }

    [Fact]
    public void Who_leaves_after_the_time_is_still_counted()
    {
        EngineHarness harness = new(RoundClosing.After(Second));
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Contribute(a, 1);
        harness.Contribute(b, 3);
        harness.Time.Advance(Second);
        harness.Engine.Leave(b);
        Assert.Equal(["a 1: 2", "b 1: 2"], harness.Outcomes());
    }

    [Fact]
    public void All_present_with_a_time_limit_does_not_wait_for_the_silent_for_ever()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent(atLatest: Second));
        RoundMember a = harness.Join("a");
        harness.Join("silent");
        harness.Contribute(a, 1);
        harness.Time.Advance(Second);
        harness.Engine.CloseIfDue();
        Assert.Equal(["a 1: 1"], harness.Outcomes());
    }

    [Fact]
    public void The_open_round_tells_who_is_there_and_how_long_it_runs()
    {
        EngineHarness harness = new(RoundClosing.AtQuorum(3, 10 * Second));
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        Assert.Null(harness.Engine.Open);
        harness.Contribute(a, 1);
        harness.Time.Advance(4 * Second);
        harness.Contribute(b, 2);
        Assert.Equal(new OpenRound(1, Clients: 2, Present: 2, DueIn: 6 * Second), harness.Engine.Open);
        harness.Engine.Leave(b);
        Assert.Equal(new OpenRound(1, Clients: 1, Present: 1, DueIn: 6 * Second), harness.Engine.Open);
        harness.Engine.Close();
        Assert.Null(harness.Engine.Open);
    }

    [Fact]
    public void A_round_whose_only_contributor_left_has_no_time_limit_and_begins_anew()
    {
        EngineHarness harness = new(RoundClosing.After(Second));
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Contribute(a, 1);
        harness.Time.Advance(Second / 2);
        harness.Engine.Leave(a);
        Assert.Null(harness.Engine.DueIn);
        harness.Contribute(b, 5);
        Assert.Equal(Second, harness.Engine.DueIn);
        harness.Time.Advance(Second);
        harness.Engine.CloseIfDue();
        Assert.Equal(["b 1: 5"], harness.Outcomes());
    }

    [Fact]
    public void A_duplicate_is_refused_and_the_first_contribution_stands()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Contribute(a, 1);
        Assert.Equal(RoundRefusal.Duplicate, harness.Contribute(a, 1000));
        harness.Contribute(b, 3);
        Assert.Equal(["a 1: 2", "b 1: 2"], harness.Outcomes());
        Assert.Contains(new RoundEvent.Refused(a, RoundRefusal.Duplicate), harness.Events);
    }

    [Fact]
    public void A_round_that_is_not_open_yet_is_refused()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember a = harness.Join("a");
        Assert.Equal(RoundRefusal.Early, harness.Engine.Contribute(a, [1], round: 2));
        Assert.Equal(RoundRefusal.None, harness.Engine.Contribute(a, [1], round: 1));
    }

    [Fact]
    public void A_second_session_of_a_client_ends_the_first_one_that_waits()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember first = harness.Join("a");
        RoundMember b = harness.Join("b");
        harness.Contribute(first, 100);
        RoundMember second = harness.Join("a");
        Assert.Equal(["a: Superseded"], harness.Outcomes());
        harness.Contribute(b, 1);
        Assert.Empty(harness.Outcomes());
        harness.Contribute(second, 3);
        Assert.Equal(["b 1: 2", "a 1: 2"], harness.Outcomes());
    }

    [Fact]
    public void An_open_round_can_be_closed_by_hand()
    {
        EngineHarness harness = new(RoundClosing.AtQuorum(100));
        RoundMember a = harness.Join("a");
        Assert.False(harness.Engine.Close());
        harness.Contribute(a, 4);
        Assert.True(harness.Engine.Close());
        Assert.Equal(["a 1: 4"], harness.Outcomes());
        Assert.Equal(CloseReason.ByHand, harness.Engine.History[0].Reason);
        Assert.False(harness.Engine.Close());
    }

    [Fact]
    public void Personal_answers_differ_and_the_history_keeps_what_is_said_to_all()
    {
        EngineHarness harness = new(
            RoundClosing.WhenAllPresent(),
            options => new RoundOptions(options) { Aggregator = BuiltInAggregators.Find("mean-of-others") }
        );
        RoundMember a = harness.Join("a");
        RoundMember b = harness.Join("b");
        RoundMember c = harness.Join("c");
        harness.Contribute(a, 1);
        harness.Contribute(b, 2);
        harness.Contribute(c, 6);
        Assert.Equal(["a 1: 4", "b 1: 3.5", "c 1: 1.5"], harness.Outcomes());
        Assert.Equal(3, harness.Engine.History[0].Aggregate);
    }

    [Fact]
    public void The_history_is_bounded_and_drops_the_oldest()
    {
        EngineHarness harness = new(
            RoundClosing.WhenAllPresent(),
            options => new RoundOptions(options) { HistoryLength = 3 }
        );
        RoundMember a = harness.Join("a");
        for (int round = 1; round <= 10; round++)
            harness.Contribute(a, round);
        Assert.Equal([8L, 9, 10], harness.Engine.History.Select(round => round.Number));
    }

    [Fact]
    public void Who_watches_hears_everything_in_order()
    {
        EngineHarness harness = new(RoundClosing.WhenAllPresent());
        RoundMember a = harness.Join("a");
        harness.Contribute(a, 1, 2);
        harness.Engine.Leave(a);
        Assert.Equal(
            [
                new RoundEvent.Joined(a),
                new RoundEvent.Opened(1),
                new RoundEvent.Contributed(a, 1, 2),
                new RoundEvent.Closed(new ClosedRound(1, 1.5, 1, 2, CloseReason.AllPresent, harness.Time.GetUtcNow())),
                new RoundEvent.Left(a, Superseded: false),
            ],
            harness.Events
        );
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void An_aggregate_that_is_no_number_is_refused_to_the_clients(double result)
    {
        EngineHarness harness = Failing(() => result);
        harness.Contribute(harness.Join("a"), 1);
        Assert.Equal(["a: AggregateFailed"], harness.Outcomes());
        Assert.Null(harness.Engine.History[0].Aggregate);
    }

    [Fact]
    public void An_aggregator_that_throws_leaves_the_rounds_in_order()
    {
        int calls = 0;
        EngineHarness harness = Failing(() => ++calls == 1 ? throw new InvalidOperationException("broken") : 42);
        RoundMember a = harness.Join("a");
        harness.Contribute(a, 1);
        harness.Contribute(a, 1);
        Assert.Equal(["a: AggregateFailed", "a 2: 42"], harness.Outcomes());
        Assert.Equal("broken", Assert.Single(harness.Events.OfType<RoundEvent.AggregatorFailed>()).Exception.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_weight_that_is_none_is_the_callers_mistake(double weight) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new EngineHarness(RoundClosing.Immediately).Join("a", weight));

    [Fact]
    public void Nobodys_id_does_not_join() =>
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new EngineHarness(RoundClosing.Immediately).Engine.Join(default)
        );

    [Fact]
    public void Numbers_that_are_none_are_the_callers_mistake()
    {
        EngineHarness harness = new(RoundClosing.Immediately);
        RoundMember a = harness.Join("a");
        Assert.Throws<ArgumentException>(() => harness.Contribute(a));
        Assert.Throws<ArgumentException>(() => harness.Contribute(a, 1, double.NaN));
        Assert.Empty(harness.Outcomes());
    }

    private static EngineHarness Failing(Func<double> result) =>
        new(RoundClosing.WhenAllPresent(), options => new RoundOptions(options) { Aggregator = new Scripted(result) });

    private sealed class Scripted(Func<double> result) : IAggregator
    {
        public string Name => "scripted";

        public double Aggregate(ReadOnlySpan<Measurement> measurements) => result();
    }
}
