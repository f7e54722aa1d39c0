namespace SymRatchet.Aggregation;

/// <summary>
/// A round engine shared by many sessions: one lock, one timer, and outcomes passed to the waiting sessions.
/// Aggregator, log and observer run outside the lock, so that only the sessions concerned wait for them.
/// </summary>
internal sealed class RoundTable : IDisposable
{
    private readonly Lock _gate = new();
    private readonly RoundEngine _engine;
    private readonly RoundEventQueue _events;
    private readonly ITimer _timer;
    private readonly Dictionary<RoundMember, RoundSeat> _seats = [];

    internal RoundTable(RoundOptions options, RoundEventQueue events)
    {
        _events = events;
        _engine = RoundEngine.Create(new RoundOptions(options) { Observer = events.Add });
        _timer = options.TimeProvider.CreateTimer(
            _ => Do(engine => engine.CloseIfDue()),
            null,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan
        );
    }

    internal RoundSeat Join(ClientId client, double weight)
    {
        RoundSeat seat = new();
        Do(engine => _seats.Add(seat.Member = engine.Join(client, weight), seat));
        return seat;
    }

    /// <summary>Counts numbers; the task completes with the outcome, at once or when the round closes.</summary>
    internal Task<RoundOutcome> ContributeAsync(RoundSeat seat, double[] numbers)
    {
        TaskCompletionSource<RoundOutcome> waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Do(engine =>
        {
            seat.Waiting = waiting;
            RoundRefusal refusal = engine.Contribute(seat.Member, numbers);
            if (refusal != RoundRefusal.None)
                Answer(seat, new RoundOutcome(seat.Member, 0, 0, refusal));
        });
        return waiting.Task;
    }

    internal void Leave(RoundSeat seat) =>
        Do(engine =>
        {
            engine.Leave(seat.Member);
            _seats.Remove(seat.Member);
        });

    internal bool Close()
    {
        bool closed = false;
        Do(engine => closed = engine.Close());
        return closed;
    }

    internal T Read<T>(Func<RoundEngine, T> read)
    {
        lock (_gate)
            return read(_engine);
    }

    public void Dispose() => _timer.Dispose();

    private void Do(Action<RoundEngine> step)
    {
        RoundAggregation? closed;
        lock (_gate)
        {
            step(_engine);
            while (_engine.TryTakeOutcome(out RoundOutcome outcome))
            {
                if (_seats.TryGetValue(outcome.Member, out RoundSeat? seat))
                    Answer(seat, outcome);
            }

            // Rounded up to the next millisecond, since a timer that fires too early would only be set again.
            TimeSpan due = _engine.DueIn is { } left
                ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds))
                : Timeout.InfiniteTimeSpan;
            _timer.Change(due, Timeout.InfiniteTimeSpan);
            closed = _engine.TakeAggregation();
        }

        if (closed is not null)
            ThreadPool.UnsafeQueueUserWorkItem(Aggregate, closed, preferLocal: false);
        _events.Deliver();
    }

    // Publishing a round also starts the aggregation of the next one, if it has closed.
    private void Aggregate(RoundAggregation closed)
    {
        closed.Run();
        Do(engine => engine.Publish(closed));
    }

    private static void Answer(RoundSeat seat, RoundOutcome outcome)
    {
        seat.Waiting?.TrySetResult(outcome);
        seat.Waiting = null;
        if (outcome.Refusal == RoundRefusal.Superseded)
            seat.Supersede();
    }
}
