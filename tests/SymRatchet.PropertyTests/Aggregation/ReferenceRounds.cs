using SymRatchet.Aggregation;

namespace SymRatchet.PropertyTests.Aggregation;

/// <summary>
/// What the rounds should do, written down in the plainest way: it forgets nothing, keeps everything in lists and computes
/// each answer anew.
/// </summary>
internal sealed class ReferenceRounds(RoundClosing closing, string aggregator, DateTimeOffset begin)
{
    private readonly Dictionary<string, Session> _present = [];
    private readonly List<Session> _waiting = [];
    private long _round = 1;
    private int _now;
    private int _openedAt;

    internal bool AnswersAtOnce { get; } = closing.AnswersAtOnce;

    internal IEnumerable<string> Present => _present.Keys;

    internal bool HasDeadline => _waiting.Count > 0 && closing.AtLatest is not null;

    internal List<(string Client, long Round, double Aggregate)> Answers { get; } = [];

    internal List<string> Superseded { get; } = [];

    /// <summary>Every round as it was closed last, in the order of closing.</summary>
    internal List<ClosedRound> History { get; } = [];

    internal OpenRound? Open => AnswersAtOnce || _waiting.Count == 0
        ? null
        : new OpenRound(_round, _waiting.Count, _present.Count, closing.AtLatest - TimeSpan.FromMilliseconds(_now - _openedAt));

    internal void Wait(int milliseconds)
    {
        _now += milliseconds;
        CloseIfDue();
    }

    internal void Join(string client, double weight)
    {
        if (_present.Remove(client, out Session? earlier))
        {
            _waiting.Remove(earlier);
            Superseded.Add(client);
        }

        _present[client] = new Session(client, weight);
    }

    internal void Leave(string client)
    {
        if (!_present.Remove(client, out Session? session))
            return;
        _waiting.Remove(session);
        CloseIfComplete();
    }

    internal RoundRefusal Contribute(string client, double[] numbers, int? offset)
    {
        if (!_present.TryGetValue(client, out Session? session))
            return RoundRefusal.NotPresent;

        if (AnswersAtOnce)
        {
            if (offset is not (null or 0))
                return offset < 0 ? RoundRefusal.Duplicate : RoundRefusal.Early;
            session.Contributions.Add(numbers);
            int round = session.Contributions.Count;
            (Session, double[])[] counted = [.. _present.Values.Where(other => other.Contributions.Count >= round).Select(other => (other, other.Contributions[round - 1]))];
            Answer(round, [session], counted, CloseReason.Answered);
            return RoundRefusal.None;
        }

        if (offset is not (null or 0))
            return offset < 0 ? RoundRefusal.Late : RoundRefusal.Early;
        if (_waiting.Contains(session))
            return RoundRefusal.Duplicate;
        session.Contributions.Add(numbers);
        if (_waiting.Count == 0)
            _openedAt = _now;
        _waiting.Add(session);
        CloseIfComplete();
        return RoundRefusal.None;
    }

    internal bool Close()
    {
        if (AnswersAtOnce || _waiting.Count == 0)
            return false;
        CloseNow(CloseReason.ByHand);
        return true;
    }

    private void CloseIfDue()
    {
        if (HasDeadline && _now - _openedAt >= closing.AtLatest!.Value.TotalMilliseconds)
            CloseNow(CloseReason.Time);
    }

    private void CloseIfComplete()
    {
        bool all = _waiting.Count == _present.Count;
        if (_waiting.Count > 0 && _waiting.Count >= closing.AtLeast && (all || !closing.AllPresent))
            CloseNow(closing.AllPresent ? CloseReason.AllPresent : CloseReason.Quorum);
    }

    private void CloseNow(CloseReason reason)
    {
        Answer(_round++, _waiting, [.. _waiting.Select(session => (session, session.Contributions[^1]))], reason);
        _waiting.Clear();
    }

    private void Answer(long round, IEnumerable<Session> answered, (Session Session, double[] Numbers)[] counted, CloseReason reason)
    {
        foreach (Session session in answered)
            Answers.Add((session.Client, round, Aggregate(session, counted)));

        History.RemoveAll(closed => closed.Number == round);
        History.Add(new ClosedRound(round, Aggregate(null, counted), counted.Length, counted.Sum(one => one.Numbers.Length), reason, begin.AddMilliseconds(_now)));
    }

    private double Aggregate(Session? asking, (Session Session, double[] Numbers)[] counted)
    {
        double[] all = [.. counted.SelectMany(one => one.Numbers).Order()];
        switch (aggregator)
        {
            case "mean":
                return all.Average();
            case "sum":
                return all.Sum();
            case "min":
                return all[0];
            case "max":
                return all[^1];
            case "median":
                return all.Length % 2 == 1 ? all[all.Length / 2] : (all[(all.Length / 2) - 1] + all[all.Length / 2]) / 2;
            case "weighted-mean":
                return counted.Sum(one => one.Session.Weight * one.Numbers.Sum()) / counted.Sum(one => one.Session.Weight * one.Numbers.Length);
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
}
