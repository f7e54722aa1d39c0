using FsCheck.Xunit;
using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>Whatever clients do, and in whatever order, the engine says what the plain reference says.</summary>
[Properties(Arbitrary = [typeof(RoundGenerators)], MaxTest = 1000, EndSize = 60)]
public sealed class RoundProperties
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    [Property]
    public void Answered_at_once(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.Immediately, aggregator, steps);

    [Property]
    public void Closed_when_all_are_present(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.WhenAllPresent(), aggregator, steps);

    [Property]
    public void Closed_when_all_are_present_and_at_least_two_or_late(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.WhenAllPresent(2, Limit), aggregator, steps);

    [Property]
    public void Closed_at_a_quorum(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.AtQuorum(2), aggregator, steps);

    [Property]
    public void Closed_at_a_quorum_or_late(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.AtQuorum(3, Limit), aggregator, steps);

    [Property]
    public void Closed_by_time(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.After(Limit), aggregator, steps);

    [Property]
    public void What_is_kept_of_a_client_stays_within_its_share_and_is_its_newest(byte[] sizes, byte capacity)
    {
        ContributionHistory past = new(capacity);
        int round = 0;
        foreach (byte size in sizes)
        {
            past.Add(new double[size + 1]);
            round++;
            long kept = Enumerable.Range(1, round).Sum(r => past.Find(r) is { } numbers ? numbers.Length + 8L : 0);
            Assert.Equal(size + 1, past.Find(round)!.Length);
            Assert.True(kept <= capacity || kept == size + 9, $"{kept} are kept of {capacity}");
            Assert.Equal(round, past.Completed);

            // Nothing is dropped that has room, and nothing newer before what is older.
            int oldest = Enumerable.Range(1, round).First(r => past.Find(r) is not null);
            Assert.All(Enumerable.Range(oldest, round - oldest + 1), r => Assert.NotNull(past.Find(r)));
            Assert.True(oldest == 1 || kept + sizes[oldest - 2] + 9 > capacity);
        }
    }

    private static void Follow(RoundClosing closing, IAggregator aggregator, RoundStep[] steps)
    {
        RoundRun run = new(closing, aggregator);
        foreach (RoundStep step in steps)
        {
            run.Do(step);
            run.Compare();
        }

        // What is still under way comes to its end.
        do
        {
            run.Do(new RoundStep.Publish());
            run.Compare();
        } while (run.Do(new RoundStep.Take()));
    }
}
