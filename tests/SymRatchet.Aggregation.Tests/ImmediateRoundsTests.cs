namespace SymRatchet.Aggregation.Tests;

/// <summary>
/// The seed's rule: every contribution is answered at once, over all who are present and have completed the same round.
/// </summary>
public sealed class ImmediateRoundsTests
{
    private readonly EngineHarness _harness = new(RoundClosing.Immediately);

    [Fact]
    public void A_round_grows_with_each_client_that_completes_it()
    {
        RoundMember a = _harness.Join("a");
        RoundMember b = _harness.Join("b");

        _harness.Contribute(a, 10);
        Assert.Equal(["a 1: 10"], _harness.Outcomes());
        _harness.Contribute(b, 20, 30);
        Assert.Equal(["b 1: 20"], _harness.Outcomes());
        _harness.Contribute(b, 4);
        Assert.Equal(["b 2: 4"], _harness.Outcomes());
        _harness.Contribute(a, 8);
        Assert.Equal(["a 2: 6"], _harness.Outcomes());
    }

    [Fact]
    public void A_newcomer_starts_at_round_one_beside_those_who_are_far_ahead()
    {
        RoundMember old = _harness.Join("old");
        for (int round = 1; round <= 100; round++)
            _harness.Contribute(old, round);
        _harness.Outcomes();

        RoundMember fresh = _harness.Join("fresh");
        _harness.Contribute(fresh, 3);
        _harness.Contribute(fresh, 4);
        Assert.Equal(["fresh 1: 2", "fresh 2: 3"], _harness.Outcomes());
    }

    [Fact]
    public void Who_left_no_longer_counts_in_any_round_and_contributes_no_more()
    {
        RoundMember a = _harness.Join("a");
        RoundMember b = _harness.Join("b");
        _harness.Contribute(a, 100);
        _harness.Engine.Leave(a);
        _harness.Contribute(b, 1);

        Assert.Equal(["a 1: 100", "b 1: 1"], _harness.Outcomes());
        Assert.Equal(RoundRefusal.NotPresent, _harness.Contribute(a, 5));
        Assert.Equal([b], _harness.Engine.Present);
    }

    [Fact]
    public void A_second_session_of_a_client_takes_the_place_of_the_first()
    {
        RoundMember first = _harness.Join("a");
        _harness.Contribute(first, 100);
        RoundMember second = _harness.Join("a");
        _harness.Contribute(second, 1);

        Assert.Equal(["a 1: 100", "a: Superseded", "a 1: 1"], _harness.Outcomes());
        Assert.Equal(RoundRefusal.NotPresent, _harness.Contribute(first, 5));
        _harness.Engine.Leave(first); // must not take the second one with it
        Assert.Equal([second], _harness.Engine.Present);
    }

    [Theory]
    [InlineData(1, RoundRefusal.Duplicate)]
    [InlineData(2, RoundRefusal.None)]
    [InlineData(3, RoundRefusal.Early)]
    public void A_named_round_must_be_the_clients_next(long round, RoundRefusal expected)
    {
        RoundMember a = _harness.Join("a");
        _harness.Contribute(a, 1);
        _harness.Outcomes();
        Assert.Equal(expected, _harness.Engine.Contribute(a, [7], round));
        Assert.Equal(expected == RoundRefusal.None ? ["a 2: 7"] : [], _harness.Outcomes());
    }

    [Fact]
    public void Weights_count_where_the_aggregator_asks_for_them()
    {
        EngineHarness weighted = new(
            RoundClosing.Immediately,
            options => new RoundOptions(options) { Aggregator = BuiltInAggregators.Find("weighted-mean") }
        );
        RoundMember heavy = weighted.Join("heavy", 3);
        RoundMember light = weighted.Join("light");
        weighted.Contribute(heavy, 10);
        weighted.Contribute(light, 2);
        Assert.Equal(["heavy 1: 10", "light 1: 8"], weighted.Outcomes());
    }

    [Fact]
    public void What_a_client_is_remembered_by_is_bounded_and_the_newest_is_always_kept()
    {
        // Room for two contributions of one number each: 9 a piece.
        EngineHarness bounded = new(
            RoundClosing.Immediately,
            options => new RoundOptions(options) { RetainedNumbersPerClient = 18 }
        );
        RoundMember ahead = bounded.Join("ahead");
        for (int round = 1; round <= 5; round++)
            bounded.Contribute(ahead, 100);
        RoundMember behind = bounded.Join("behind");
        for (int round = 1; round <= 5; round++)
            bounded.Contribute(behind, 0);

        Assert.Equal(
            ["behind 1: 0", "behind 2: 0", "behind 3: 0", "behind 4: 50", "behind 5: 50"],
            bounded.Outcomes().Skip(5)
        );

        bounded.Engine.Contribute(behind, new double[1000]);
        Assert.Equal(["behind 6: 0"], bounded.Outcomes());
    }

    [Fact]
    public void The_history_holds_each_round_as_it_was_answered_last()
    {
        RoundMember a = _harness.Join("a");
        RoundMember b = _harness.Join("b");
        _harness.Contribute(a, 1);
        _harness.Contribute(a, 2);
        _harness.Contribute(b, 3, 5);

        Assert.Collection(
            _harness.Engine.History,
            round => Assert.Equal((2, 2.0, 1, 1), (round.Number, round.Aggregate, round.Clients, round.Numbers)),
            round => Assert.Equal((1, 3.0, 2, 3), (round.Number, round.Aggregate, round.Clients, round.Numbers))
        );
        Assert.All(_harness.Engine.History, round => Assert.Equal(CloseReason.Answered, round.Reason));
    }
}
