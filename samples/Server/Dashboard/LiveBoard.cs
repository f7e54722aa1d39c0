using SymRatchet.Aggregation;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>
/// What goes on in the server, for the page. It is told of everything, keeps the last of it, and holds nobody up.
/// Thread-safe.
/// </summary>
internal sealed class LiveBoard(TimeProvider time)
{
    private const int ShownClients = 200;
    private const int ShownRounds = 120;
    private const int ShownFailures = 50;

    private readonly Lock _gate = new();
    private readonly List<LiveSession> _sessions = [];
    private readonly LinkedList<FailureView> _failures = [];
    private readonly SortedDictionary<(FailureStage Stage, string Reason), long> _reasons = [];
    private long _version;
    private long _roundsClosed;
    private long _failureCount;

    /// <summary>Grows with every change.</summary>
    internal long Version => Interlocked.Read(ref _version);

    /// <summary>A client has proven its key.</summary>
    internal LiveSession Enter(ChannelPeer peer, string remote, WireFingerprint wire)
    {
        LiveSession session = new(peer, remote, wire, Change);
        lock (_gate)
            _sessions.Add(session);
        Change();
        return session;
    }

    /// <summary>Its session is over.</summary>
    internal void Leave(LiveSession session)
    {
        lock (_gate)
            _sessions.Remove(session);
        Change();
    }

    /// <summary>Shows an event of the rounds.</summary>
    internal void Observe(RoundEvent roundEvent)
    {
        if (roundEvent is RoundEvent.Contributed contributed)
            Find(contributed.Member.Client)?.Contributed(contributed.Round);
        else if (roundEvent is RoundEvent.Closed)
            Interlocked.Increment(ref _roundsClosed);
        Change();
    }

    /// <summary>A connection was refused, or a session ended before its time.</summary>
    /// <param name="stage">How far it had come.</param>
    /// <param name="reason">Why, as one of a few names: each is kept for good.</param>
    /// <param name="who">Whose it was.</param>
    /// <param name="detail">Why, in a sentence.</param>
    internal void Failed(FailureStage stage, string reason, string who, string detail)
    {
        lock (_gate)
        {
            _reasons[(stage, reason)] = _reasons.GetValueOrDefault((stage, reason)) + 1;
            _failures.AddFirst(new FailureView(++_failureCount, time.GetUtcNow(), stage, reason, who, detail));
            if (_failures.Count > ShownFailures)
                _failures.RemoveLast();
        }

        Change();
    }

    /// <summary>All that the page shows, with the rounds as the server tells them.</summary>
    internal DashboardView View(ServerView server, AggregationServer rounds)
    {
        // Asked before this board's lock is taken: the rounds report to the board with their own lock held.
        OpenRound? open = rounds.Open;
        ClosedRound[] closed = [.. rounds.History.TakeLast(ShownRounds)];
        lock (_gate)
        {
            return new DashboardView(
                server,
                _sessions.Count,
                [.. _sessions.Take(ShownClients).Select(session => session.View())],
                open,
                Interlocked.Read(ref _roundsClosed),
                closed,
                _failureCount,
                [.. _reasons.Select(reason => new ReasonView(reason.Key.Stage, reason.Key.Reason, reason.Value))],
                [.. _failures]
            );
        }
    }

    // Where a client has connected anew, its newest session is the one that is present.
    private LiveSession? Find(ClientId client)
    {
        lock (_gate)
            return _sessions.FindLast(session => session.Client == client);
    }

    private void Change() => Interlocked.Increment(ref _version);
}
