using Microsoft.Extensions.Time.Testing;
using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>Does the same things to the engine and to the plain reference, and compares what they say.</summary>
internal sealed class RoundRun
{
    private const int HistoryLength = 3;

    private readonly FakeTimeProvider _time = new();
    private readonly RoundEngine _engine;
    private readonly ReferenceRounds _reference;
    private readonly Dictionary<string, RoundMember> _sessions = [];
    private readonly Dictionary<string, RoundMember> _earlier = [];
    private readonly List<string> _events = [];
    private RoundAggregation? _taken;

    internal RoundRun(RoundClosing closing, IAggregator aggregator)
    {
        RoundOptions options = new()
        {
            Closing = closing,
            Aggregator = aggregator,
            TimeProvider = _time,
            HistoryLength = HistoryLength,
            Observer = Hear,
        };
        _engine = RoundEngine.Create(options);
        _reference = new ReferenceRounds(closing, aggregator.Name, _time.GetUtcNow());
    }

    internal bool IsAggregating => _reference.IsAggregating;

    /// <summary>Does one step on both sides.</summary>
    /// <returns>Whether it changed anything.</returns>
    internal bool Do(RoundStep step)
    {
        switch (step)
        {
            case RoundStep.Join join:
                if (_sessions.TryGetValue(join.Client, out RoundMember? before))
                    _earlier[join.Client] = before;
                _sessions[join.Client] = _engine.Join(join.Client, join.Weight);
                _reference.Join(join.Client, join.Weight);
                return true;

            case RoundStep.Leave leave:
                if (_sessions.TryGetValue(leave.Client, out RoundMember? leaving))
                    _engine.Leave(leaving);
                return _reference.Leave(leave.Client);

            case RoundStep.Contribute { FromEarlierSession: true } contribute:
                if (_earlier.TryGetValue(contribute.Client, out RoundMember? gone))
                {
                    Assert.Equal(RoundRefusal.NotPresent, _engine.Contribute(gone, contribute.Numbers));
                    _reference.Events.Add($"refused {contribute.Client} {RoundRefusal.NotPresent}");
                }

                return false;

            case RoundStep.Contribute contribute:
                if (!_sessions.TryGetValue(contribute.Client, out RoundMember? member))
                    return false;
                long? round = _reference.Present.Contains(contribute.Client)
                    ? _reference.NextOf(contribute.Client) + contribute.Offset
                    : null;
                RoundRefusal refusal = _reference.Contribute(contribute.Client, contribute.Numbers, contribute.Offset);
                Assert.Equal(refusal, _engine.Contribute(member, contribute.Numbers, round));
                return refusal == RoundRefusal.None;

            case RoundStep.Wait wait:
                _time.Advance(TimeSpan.FromMilliseconds(wait.Milliseconds));
                _engine.CloseIfDue();
                _reference.Wait(wait.Milliseconds);
                return _reference.Open is not null || _reference.HasClosed;

            case RoundStep.Close:
                bool closes = _reference.Close();
                Assert.Equal(closes, _engine.Close());
                return closes;

            case RoundStep.Take:
                RoundAggregation? next = _engine.TakeAggregation();
                Assert.Equal(_reference.Take(), next is not null);
                _taken = next ?? _taken;
                return next is not null;

            case RoundStep.Publish:
                if (!_reference.Publish())
                    return false;

                // It runs as late as it can: what came after it was taken must not touch it.
                _taken!.Run();
                _engine.Publish(_taken);
                return true;

            default:
                throw new ArgumentException($"The run does not know {step}.");
        }
    }

    /// <summary>Compares the state of both sides and what they said since it was last called.</summary>
    internal void Compare()
    {
        List<RoundOutcome> outcomes = Outcomes();
        Assert.Equal(
            _reference.Superseded,
            outcomes
                .Where(outcome => outcome.Refusal == RoundRefusal.Superseded)
                .Select(outcome => outcome.Member.Client.ToString())
        );
        RoundOutcome[] answers =
        [
            .. outcomes
                .Where(outcome => outcome.Refusal != RoundRefusal.Superseded)
                .OrderBy(outcome => outcome.Member.Client),
        ];
        Assert.Equal(_reference.Answers.Count, answers.Length);
        foreach (
            (RoundOutcome actual, (string client, long round, double? aggregate)) in answers.Zip(
                _reference.Answers.OrderBy(answer => answer.Client)
            )
        )
        {
            Assert.Equal((client, round), (actual.Member.Client.ToString(), actual.Round));
            Assert.Equal(aggregate is null ? RoundRefusal.AggregateFailed : RoundRefusal.None, actual.Refusal);
            Assert.Equal(aggregate ?? 0, actual.Aggregate, tolerance: 1e-9);
        }

        Assert.Equal(_reference.Events, _events);
        Assert.Equal(Math.Min(HistoryLength, _reference.History.Count), _engine.History.Count);
        foreach (
            (ClosedRound expected, ClosedRound actual) in _reference
                .History.TakeLast(HistoryLength)
                .Zip(_engine.History)
        )
        {
            Assert.Equal(expected, actual with { Aggregate = expected.Aggregate });
            Assert.Equal(expected.Aggregate is null, actual.Aggregate is null);
            Assert.Equal(expected.Aggregate ?? 0, actual.Aggregate ?? 0, tolerance: 1e-9);
        }

        Assert.Equal(_reference.Present.Order(), _engine.Present.Select(member => member.Client.ToString()).Order());
        Assert.Equal(_reference.HasDeadline, _engine.DueIn is not null);
        Assert.Equal(_reference.Open, _engine.Open);
        _reference.Answers.Clear();
        _reference.Superseded.Clear();
    }

    /// <summary>Forgets what both sides said so far.</summary>
    internal void Skip()
    {
        Outcomes();
        _reference.Answers.Clear();
        _reference.Superseded.Clear();
    }

    private List<RoundOutcome> Outcomes()
    {
        List<RoundOutcome> outcomes = [];
        while (_engine.TryTakeOutcome(out RoundOutcome outcome))
            outcomes.Add(outcome);
        return outcomes;
    }

    private void Hear(RoundEvent happened) =>
        _events.Add(
            happened switch
            {
                RoundEvent.Joined joined => $"joined {joined.Member}",
                RoundEvent.Left left => $"{(left.Superseded ? "superseded" : "left")} {left.Member}",
                RoundEvent.Opened opened => $"opened {opened.Round}",
                RoundEvent.Contributed contributed => $"contributed {contributed.Member} {contributed.Round}",
                RoundEvent.Refused refused => $"refused {refused.Member} {refused.Refusal}",
                RoundEvent.Closed closed => $"closed {closed.Round.Number}",
                RoundEvent.AggregatorFailed failed => $"failed {failed.Round}",
                _ => throw new ArgumentException($"The run does not know {happened}."),
            }
        );
}
