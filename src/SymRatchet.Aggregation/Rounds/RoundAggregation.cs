namespace SymRatchet.Aggregation;

/// <summary>Represents the pending aggregation of a closed round.</summary>
/// <remarks>
/// It holds the numbers as they were when the round closed. <see cref="Run"/> does not use the engine, so it may run on
/// another thread; the object itself is not thread-safe.
/// </remarks>
public sealed class RoundAggregation
{
    private readonly IAggregator _aggregator;
    private readonly KeyValuePair<RoundMember, double[]>[] _contributions;
    private readonly RoundMember? _only;
    private readonly CloseReason _reason;
    private readonly DateTimeOffset _closedAt;

    /// <param name="aggregator">The aggregator.</param>
    /// <param name="round">The number of the round.</param>
    /// <param name="contributions">The contributions; owned by this object from now on.</param>
    /// <param name="only">The only client to answer; null for all contributors.</param>
    /// <param name="reason">The reason for closing.</param>
    /// <param name="closedAt">The time of closing.</param>
    internal RoundAggregation(
        IAggregator aggregator,
        long round,
        KeyValuePair<RoundMember, double[]>[] contributions,
        RoundMember? only,
        CloseReason reason,
        DateTimeOffset closedAt
    )
    {
        _aggregator = aggregator;
        Round = round;
        _contributions = contributions;
        _only = only;
        _reason = reason;
        _closedAt = closedAt;
    }

    /// <summary>Gets the number of the round, from 1.</summary>
    public long Round { get; }

    /// <summary>The closed round for the history; null until <see cref="Run"/> has returned.</summary>
    internal ClosedRound? Closed { get; private set; }

    /// <summary>The answers, in the order of the contributions.</summary>
    internal List<RoundOutcome> Outcomes { get; } = [];

    /// <summary>The exceptions of the aggregator.</summary>
    internal List<Exception> Failures { get; } = [];

    /// <summary>Calls the aggregator.</summary>
    /// <exception cref="InvalidOperationException">The method was called before.</exception>
    /// <remarks>Its exceptions are not thrown here; they fail the round for the clients that they concern.</remarks>
    public void Run()
    {
        if (Closed is not null)
            throw new InvalidOperationException("This round is aggregated already.");

        Measurement[] measurements = Measurements();
        double shared = Evaluate(() => _aggregator.Aggregate(measurements));
        if (_only is not null)
            Answer(
                _only,
                _aggregator is IPersonalAggregator one
                    ? Evaluate(() => one.AggregateFor(_only.Client, measurements))
                    : shared
            );
        else
            AnswerAll(measurements, shared);

        Closed = new ClosedRound(
            Round,
            double.IsFinite(shared) ? shared : null,
            _contributions.Length,
            measurements.Length,
            _reason,
            _closedAt
        );
    }

    private void AnswerAll(Measurement[] measurements, double shared)
    {
        double[] answers = new double[_contributions.Length];
        answers.AsSpan().Fill(_aggregator is IPersonalAggregator ? double.NaN : shared);
        if (_aggregator is IBatchPersonalAggregator batch)
        {
            Evaluate(() =>
            {
                batch.AggregateForAll(measurements, answers);
                return 0;
            });
        }
        else if (_aggregator is IPersonalAggregator personal)
        {
            for (int i = 0; i < answers.Length; i++)
                answers[i] = Evaluate(() => personal.AggregateFor(_contributions[i].Key.Client, measurements));
        }

        for (int i = 0; i < answers.Length; i++)
            Answer(_contributions[i].Key, answers[i]);
    }

    private void Answer(RoundMember member, double answer) =>
        Outcomes.Add(
            double.IsFinite(answer)
                ? new RoundOutcome(member, Round, answer, RoundRefusal.None)
                : new RoundOutcome(member, Round, 0, RoundRefusal.AggregateFailed)
        );

    private Measurement[] Measurements()
    {
        var measurements = new Measurement[_contributions.Sum(one => one.Value.Length)];
        int next = 0;
        foreach ((RoundMember member, double[] numbers) in _contributions)
        {
            foreach (double number in numbers)
                measurements[next++] = new Measurement(member.Client, number, member.Weight);
        }

        return measurements;
    }

    // an aggregator is the application's code, and its exceptions must not leave a round half closed
#pragma warning disable CA1031
    private double Evaluate(Func<double> aggregate)
    {
        try
        {
            return aggregate();
        }
        catch (Exception e)
        {
            Failures.Add(e);
            return double.NaN;
        }
    }
#pragma warning restore CA1031
}
