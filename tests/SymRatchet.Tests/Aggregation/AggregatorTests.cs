using SymRatchet.Aggregation;

namespace SymRatchet.Tests.Aggregation;

public sealed class AggregatorTests
{
    private static readonly Measurement[] Round =
    [
        new("a", 4, 1), new("a", -2, 1), new("b", 10, 3), new("c", 0.5, 0.5),
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
        Assert.All(BuiltInAggregators.Names, name => Assert.Equal(name, BuiltInAggregators.Find(name.ToUpperInvariant()).Name));
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
}
