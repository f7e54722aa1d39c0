using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>
/// What the rounds should do, written down in the plainest way: it forgets nothing, keeps everything in lists and
/// computes each answer anew.
/// </summary>
internal sealed class ReferenceRounds(RoundClosing closing, string aggregator, DateTimeOffset begin)
{
    private readonly Dictionary<string, Session> _present = [];
    private readonly List<Session> _waiting = [];
    private readonly List<(Session Session, int Round)> _turns = [];
    private Closed? _closed;
    private Closed? _running;
    private bool _byHand;
    private long _round = 1;
    private int _now;
    private int _openedAt;

    internal bool AnswersAtOnce { get; } = closing.AnswersAtOnce;

    internal IEnumerable<string> Present => _present.Keys;

    internal bool HasDeadline => MayClose && closing.AtLatest is not null;

    /// <summary>Whether a round has closed and is not published yet.</summary>
    internal bool HasClosed => _closed is not null || _running is not null || _turns.Count > 0;

    internal bool IsAggregating => _running is not null;

    /// <summary>Every answer; null where the aggregator failed.</summary>
    internal List<(string Client, long Round, double? Aggregate)> Answers { get; } = [];

    /// <summary>Everything that who watches hears, in order.</summary>
    internal List<string> Events { get; } = [];

    internal List<string> Superseded { get; } = [];

    /// <summary>Every round as it was closed last, in the order of closing.</summary>
    internal List<ClosedRound> History { get; } = [];

    internal OpenRound? Open =>
        AnswersAtOnce || _waiting.Count == 0
            ? null
            : new OpenRound(
                _round,
                _waiting.Count,
                _present.Count,
                closing.AtLatest is { } limit
                    ? TimeSpan.FromMilliseconds(Math.Max(0, limit.TotalMilliseconds - (_now - _openedAt)))
                    : null
            );

    // A round closes only when the one before it is answered.
    private bool MayClose => _waiting.Count > 0 && _closed is null && _running is null;

    internal void Wait(int milliseconds)
    {
        _now += milliseconds;
        CloseIfDue();
    }

    /// <summary>The round that is the client's turn.</summary>
    internal long NextOf(string client) => AnswersAtOnce ? _present[client].Contributions.Count + 1 : _round;

    internal void Join(string client, double weight)
    {
        if (_present.Remove(client, out Session? earlier))
        {
            Forget(earlier);
            Superseded.Add(client);
            Events.Add($"superseded {client}");
        }

        _present[client] = new Session(client, weight);
        Events.Add($"joined {client}");
    }

    internal bool Leave(string client)
    {
        if (!_present.Remove(client, out Session? session))
            return false;
        Forget(session);
        Events.Add($"left {client}");
        CloseIfComplete();
        return true;
    }

    internal RoundRefusal Contribute(string client, double[] numbers, int? offset)
    {
        RoundRefusal refusal = _present.TryGetValue(client, out Session? session)
            ? Count(session, numbers, offset ?? 0)
            : RoundRefusal.NotPresent;
        if (refusal != RoundRefusal.None)
            Events.Add($"refused {client} {refusal}");
        return refusal;
    }

    internal bool Close()
    {
        if (AnswersAtOnce || _waiting.Count == 0)
            return false;
        _byHand = true;
        CloseIfComplete();
        return true;
    }

    internal bool Take()
    {
        if (_running is not null)
            return false;
        if (_turns.Count > 0)
        {
            (Session asking, int round) = _turns[0];
            _turns.RemoveAt(0);
            _closed = new Closed(
                round,
                [asking],
                [
                    .. _present
                        .Values.Where(other => other.Contributions.Count >= round && !_turns.Contains((other, round)))
                        .Select(other => (other, other.Contributions[round - 1])),
                ],
                CloseReason.Answered,
                _now
            );
        }

        (_running, _closed) = (_closed, null);
        return _running is not null;
    }

    internal bool Publish()
    {
        if (_running is not { } done)
            return false;
        _running = null;
        foreach (Session session in done.Answered)
            Answers.Add((session.Client, done.Round, Aggregate(session, done.Counted)));

        double? shared = Aggregate(null, done.Counted);
        History.RemoveAll(closed => closed.Number == done.Round);
        History.Add(
            new ClosedRound(
                done.Round,
                shared,
                done.Counted.Length,
                done.Counted.Sum(one => one.Numbers.Length),
                done.Reason,
                begin.AddMilliseconds(done.At)
            )
        );
        if (shared is null)
            Events.Add($"failed {done.Round}");
        Events.Add($"closed {done.Round}");
        CloseIfDue();
        CloseIfComplete();
        return true;
    }

    private RoundRefusal Count(Session session, double[] numbers, int offset)
    {
        if (AnswersAtOnce)
        {
            if (offset != 0)
                return offset < 0 ? RoundRefusal.Duplicate : RoundRefusal.Early;
            session.Contributions.Add(numbers);
            _turns.Add((session, session.Contributions.Count));
            Events.Add($"contributed {session.Client} {session.Contributions.Count}");
            return RoundRefusal.None;
        }

        if (offset != 0)
            return offset < 0 ? RoundRefusal.Late : RoundRefusal.Early;
        if (_waiting.Contains(session))
            return RoundRefusal.Duplicate;
        session.Contributions.Add(numbers);
        if (_waiting.Count == 0)
        {
            _openedAt = _now;
            Events.Add($"opened {_round}");
        }

        _waiting.Add(session);
        Events.Add($"contributed {session.Client} {_round}");
        CloseIfComplete();
        return RoundRefusal.None;
    }

    // What waits goes with its client, and a round without clients with its last one.
    private void Forget(Session session)
    {
        _waiting.Remove(session);
        _turns.RemoveAll(turn => turn.Session == session);
        _byHand &= _waiting.Count > 0;
    }

    private void CloseIfDue()
    {
        if (HasDeadline && _now - _openedAt >= closing.AtLatest!.Value.TotalMilliseconds)
            CloseNow(CloseReason.Time);
    }

    private void CloseIfComplete()
    {
        bool complete = _waiting.Count >= closing.AtLeast && (_waiting.Count == _present.Count || !closing.AllPresent);
        if (MayClose && (_byHand || complete))
            CloseNow(
                _byHand ? CloseReason.ByHand
                : closing.AllPresent ? CloseReason.AllPresent
                : CloseReason.Quorum
            );
    }

    private void CloseNow(CloseReason reason)
    {
        _closed = new Closed(
            _round++,
            [.. _waiting],
            [.. _waiting.Select(session => (session, session.Contributions[^1]))],
            reason,
            _now
        );
        _waiting.Clear();
        _byHand = false;
    }

    private double? Aggregate(Session? asking, (Session Session, double[] Numbers)[] counted)
    {
        double[] all = [.. counted.SelectMany(one => one.Numbers).Order()];
        switch (aggregator)
        {
            case "mean":
                return all.Average();
            case FailingMean.NameOfIt:
                return all.Contains(FailingMean.Unlucky) ? null : all.Average();
            case "sum":
                return all.Sum();
            case "min":
                return all[0];
            case "max":
                return all[^1];
            case "median":
                return all.Length % 2 == 1
                    ? all[all.Length / 2]
                    : (all[(all.Length / 2) - 1] + all[all.Length / 2]) / 2;
            case "weighted-mean":
                return counted.Sum(one => one.Session.Weight * one.Numbers.Sum())
                    / counted.Sum(one => one.Session.Weight * one.Numbers.Length);
            case "mean-of-others":
                double[] others = [.. counted.Where(one => one.Session != asking).SelectMany(one => one.Numbers)];
                return others.Length > 0 ? others.Average() : all.Average();
            default:
                throw new ArgumentException($"The reference does not know {aggregator}.");
        }
    }

    private sealed record Session(string Client, double Weight)
    {
        internal List<double[]> Contributions { get; } = [];

        public bool Equals(Session? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }

    /// <summary>A round on its way to its answers, as it was when it closed.</summary>
    private sealed record Closed(
        long Round,
        Session[] Answered,
        (Session Session, double[] Numbers)[] Counted,
        CloseReason Reason,
        int At
    );
}
