using FsCheck.Xunit;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>Whatever clients do, and in whatever order, the engine says what the plain reference says.</summary>
[Properties(Arbitrary = [typeof(RoundGenerators)], MaxTest = 1000, EndSize = 60)]
public sealed class RoundProperties
{
    private const int HistoryLength = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(100);

    [Property]
    public void Answered_at_once(RoundStep[] steps, IAggregator aggregator) => Follow(RoundClosing.Immediately, aggregator, steps);

    [Property]
    public void Closed_when_all_are_present(RoundStep[] steps, IAggregator aggregator) => Follow(RoundClosing.WhenAllPresent(), aggregator, steps);

    [Property]
    public void Closed_when_all_are_present_and_at_least_two_or_late(RoundStep[] steps, IAggregator aggregator) =>
        Follow(RoundClosing.WhenAllPresent(2, Limit), aggregator, steps);

    [Property]
    public void Closed_at_a_quorum(RoundStep[] steps, IAggregator aggregator) => Follow(RoundClosing.AtQuorum(2), aggregator, steps);

    [Property]
    public void Closed_at_a_quorum_or_late(RoundStep[] steps, IAggregator aggregator) => Follow(RoundClosing.AtQuorum(3, Limit), aggregator, steps);

    [Property]
    public void Closed_by_time(RoundStep[] steps, IAggregator aggregator) => Follow(RoundClosing.After(Limit), aggregator, steps);

    [Property]
    public void What_is_kept_of_a_client_stays_within_its_share_and_is_its_newest(byte[] sizes, byte capacity)
    {
        ClientPast past = new(capacity);
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
        FakeTimeProvider time = new();
        RoundOptions options = new() { Closing = closing, Aggregator = aggregator, TimeProvider = time, HistoryLength = HistoryLength };
        var engine = RoundEngine.Create(options);
        ReferenceRounds reference = new(closing, aggregator.Name, time.GetUtcNow());
        Dictionary<string, RoundMember> sessions = [];
        Dictionary<string, RoundMember> earlier = [];
        Dictionary<RoundMember, long> answered = [];
        long closed = 0;

        foreach (RoundStep step in steps)
        {
            switch (step)
            {
                case RoundStep.Join join:
                    if (sessions.TryGetValue(join.Client, out RoundMember? before))
                        earlier[join.Client] = before;
                    sessions[join.Client] = engine.Join(join.Client, join.Weight);
                    reference.Join(join.Client, join.Weight);
                    break;

                case RoundStep.Leave leave:
                    if (sessions.TryGetValue(leave.Client, out RoundMember? leaving))
                        engine.Leave(leaving);
                    reference.Leave(leave.Client);
                    break;

                case RoundStep.Contribute { FromEarlierSession: true } contribute:
                    if (earlier.TryGetValue(contribute.Client, out RoundMember? gone))
                        Assert.Equal(RoundRefusal.NotPresent, engine.Contribute(gone, contribute.Numbers));
                    break;

                case RoundStep.Contribute contribute:
                    if (!sessions.TryGetValue(contribute.Client, out RoundMember? member))
                        break;
                    long right = 1 + (reference.AnswersAtOnce ? answered.GetValueOrDefault(member) : closed);
                    Assert.Equal(
                        reference.Contribute(contribute.Client, contribute.Numbers, contribute.Offset),
                        engine.Contribute(member, contribute.Numbers, right + contribute.Offset));
                    break;

                case RoundStep.Wait wait:
                    time.Advance(TimeSpan.FromMilliseconds(wait.Milliseconds));
                    engine.CloseIfDue();
                    reference.Wait(wait.Milliseconds);
                    break;

                case RoundStep.Close:
                    Assert.Equal(reference.Close(), engine.Close());
                    break;
            }

            Assert.Equal(reference.Present.Order(), engine.Present.Select(member => member.Client).Order());
            Assert.Equal(reference.HasDeadline, engine.DueIn is not null);
            Assert.Equal(reference.Open, engine.Open);
            closed = Math.Max(closed, Compare(engine, reference, answered));
        }
    }

    /// <summary>Takes what both sides said since the last step; the round that was answered last, or 0.</summary>
    private static long Compare(RoundEngine engine, ReferenceRounds reference, Dictionary<RoundMember, long> answered)
    {
        List<RoundOutcome> outcomes = [];
        while (engine.TryTakeOutcome(out RoundOutcome outcome))
            outcomes.Add(outcome);

        Assert.Equal(reference.Superseded, outcomes.Where(outcome => outcome.Refusal == RoundRefusal.Superseded).Select(outcome => outcome.Member.Client));
        RoundOutcome[] answers = [.. outcomes.Where(outcome => outcome.Refusal == RoundRefusal.None).OrderBy(outcome => outcome.Member.Client)];
        Assert.Equal(outcomes.Count, answers.Length + reference.Superseded.Count);
        Assert.Equal(reference.Answers.Count, answers.Length);
        foreach ((RoundOutcome actual, (string client, long round, double aggregate)) in answers.Zip(reference.Answers.OrderBy(answer => answer.Client)))
        {
            Assert.Equal((client, round), (actual.Member.Client, actual.Round));
            Assert.Equal(aggregate, actual.Aggregate, tolerance: 1e-9);
            answered[actual.Member] = round;
        }

        foreach ((ClosedRound expected, ClosedRound actual) in reference.History.TakeLast(HistoryLength).Zip(engine.History))
        {
            Assert.Equal(expected, actual with { Aggregate = expected.Aggregate });
            Assert.Equal(expected.Aggregate!.Value, actual.Aggregate!.Value, tolerance: 1e-9);
        }

        Assert.Equal(Math.Min(HistoryLength, reference.History.Count), engine.History.Count);
        reference.Answers.Clear();
        reference.Superseded.Clear();
        return answers.Length == 0 ? 0 : answers[0].Round;
    }
}
