namespace SymRatchet.Aggregation;

/// <summary>
/// Keeps rounds without any input or output of its own: calls go in, outcomes come out of <see cref="TryTakeOutcome"/>.
/// After each call the caller takes the outcomes, tells the clients, takes the round that is to be aggregated, if there
/// is one, and comes back after <see cref="DueIn"/>. Not thread-safe.
/// </summary>
/// <remarks>
/// The engine never calls the aggregator: a round that closes waits in <see cref="TakeAggregation"/>, runs wherever the
/// caller likes, and comes back through <see cref="Publish"/>. Rounds are aggregated one at a time and published in the
/// order in which they closed. Memory is bounded by the clients that are present, whatever number of rounds they do and
/// however long an aggregator takes.
/// </remarks>
public abstract class RoundEngine
{
    /// <summary>The largest weight of a client.</summary>
    public const double MaxWeight = 1e6;

    private readonly RoundOptions _options;
    private readonly RoundHistory _history;
    private readonly Dictionary<ClientId, RoundMember> _present = [];
    private readonly Queue<RoundOutcome> _outcomes = new();
    private RoundAggregation? _running;

    private protected RoundEngine(RoundOptions options)
    {
        _options = options;
        _history = new RoundHistory(options.HistoryLength);
    }

    /// <summary>Makes an engine for the options' rule.</summary>
    /// <param name="options">The rule, the aggregator and the clock.</param>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static RoundEngine Create(RoundOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.Validated();
        return options.Closing.AnswersAtOnce ? new ImmediateRounds(options) : new CollectedRounds(options);
    }

    /// <summary>The clients that are present, in no order.</summary>
    public IReadOnlyList<RoundMember> Present => [.. _present.Values];

    /// <summary>The rounds closed last, oldest first.</summary>
    public IReadOnlyList<ClosedRound> History => _history.Snapshot();

    /// <summary>The round that is open; null where none is, or where rounds are answered at once.</summary>
    public abstract OpenRound? Open { get; }

    /// <summary>
    /// How long until <see cref="CloseIfDue"/> has something to do; null where no round runs against time.
    /// </summary>
    public abstract TimeSpan? DueIn { get; }

    /// <summary>
    /// Lets a client in. A client is present once: an earlier presence of the same id ends, with an outcome that says
    /// so.
    /// </summary>
    /// <param name="client">The client's id, not <c>default</c>.</param>
    /// <param name="weight">Positive, at most <see cref="MaxWeight"/>.</param>
    public RoundMember Join(ClientId client, double weight = 1)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(client, default);
        if (!(weight > 0 && weight <= MaxWeight))
            throw new ArgumentOutOfRangeException(nameof(weight), $"A weight is positive and at most {MaxWeight}.");

        CloseIfDue();
        if (_present.Remove(client, out RoundMember? earlier))
        {
            Forget(earlier);
            _outcomes.Enqueue(new RoundOutcome(earlier, 0, 0, RoundRefusal.Superseded));
            Notify(new RoundEvent.Left(earlier, Superseded: true));
        }

        RoundMember member = new(client, weight);
        _present.Add(client, member);
        Welcome(member);
        Notify(new RoundEvent.Joined(member));
        return member;
    }

    /// <summary>
    /// Counts a client's numbers. Where they are counted, an outcome follows, now or when the round closes.
    /// </summary>
    /// <param name="member">Who contributes.</param>
    /// <param name="numbers">At least one, all finite; copied.</param>
    /// <param name="round">The round that the client means; null for the one that is its turn.</param>
    /// <returns>Why nothing was counted, and no outcome follows; or <see cref="RoundRefusal.None"/>.</returns>
    public RoundRefusal Contribute(RoundMember member, ReadOnlySpan<double> numbers, long? round = null)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (numbers.IsEmpty)
            throw new ArgumentException("A contribution holds at least one number.", nameof(numbers));
        foreach (double number in numbers)
        {
            if (!double.IsFinite(number))
                throw new ArgumentException("A contribution holds finite numbers only.", nameof(numbers));
        }

        CloseIfDue();
        RoundRefusal refusal = IsPresent(member) ? Accept(member, numbers, round) : RoundRefusal.NotPresent;
        if (refusal != RoundRefusal.None)
            Notify(new RoundEvent.Refused(member, refusal));
        return refusal;
    }

    /// <summary>
    /// Lets a client go; its numbers are no longer counted. It may make the open round complete. Nothing happens if it
    /// is gone.
    /// </summary>
    /// <param name="member">What <see cref="Join"/> gave.</param>
    public void Leave(RoundMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        CloseIfDue();
        if (!IsPresent(member))
            return;

        _present.Remove(member.Client);
        Forget(member);
        Notify(new RoundEvent.Left(member, Superseded: false));
        CloseIfComplete();
    }

    /// <summary>Closes the open round if its time is over.</summary>
    public abstract void CloseIfDue();

    /// <summary>
    /// Closes the open round by hand; where the round before it is still aggregated, as soon as that is published.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    public abstract bool Close();

    /// <summary>
    /// Takes the round that is to be aggregated next, once: call <see cref="RoundAggregation.Run"/> anywhere, then
    /// <see cref="Publish"/> here.
    /// </summary>
    /// <returns>The round; null where none is closed, or one was taken and is not published yet.</returns>
    public RoundAggregation? TakeAggregation() => IsAggregating ? null : _running = NextAggregation();

    /// <summary>
    /// Answers those who contributed to a round, also those who have gone meanwhile, and closes the next round if it is
    /// complete.
    /// </summary>
    /// <param name="aggregation">What <see cref="TakeAggregation"/> gave, after it has run.</param>
    /// <exception cref="InvalidOperationException">It is not the round that was taken, or it has not run.</exception>
    public void Publish(RoundAggregation aggregation)
    {
        ArgumentNullException.ThrowIfNull(aggregation);
        if (aggregation != _running || aggregation.Closed is not { } closed)
            throw new InvalidOperationException(
                "Only the round that was taken is published, once and after it has run."
            );

        _running = null;
        foreach (RoundOutcome outcome in aggregation.Outcomes)
            _outcomes.Enqueue(outcome);
        _history.Add(closed);
        foreach (Exception failure in aggregation.Failures)
            Notify(new RoundEvent.AggregatorFailed(closed.Number, failure));
        Notify(new RoundEvent.Closed(closed));
        CloseIfDue();
        CloseIfComplete();
    }

    /// <summary>Takes what is to be told to one client; call it until it returns false.</summary>
    /// <param name="outcome">What is to be told, and to whom.</param>
    public bool TryTakeOutcome(out RoundOutcome outcome) => _outcomes.TryDequeue(out outcome);

    private protected int PresentCount => _present.Count;

    private protected IEnumerable<RoundMember> PresentMembers => _present.Values;

    private protected abstract void Welcome(RoundMember member);

    private protected abstract RoundRefusal Accept(RoundMember member, ReadOnlySpan<double> numbers, long? round);

    private protected abstract void Forget(RoundMember member);

    /// <summary>Closes the open round if nothing is missing and no round before it is under way.</summary>
    private protected abstract void CloseIfComplete();

    /// <summary>The round to aggregate next, which is then no longer here; null where there is none.</summary>
    private protected abstract RoundAggregation? NextAggregation();

    /// <summary>Whether a round was taken and is not published yet.</summary>
    private protected bool IsAggregating => _running is not null;

    private protected void Notify(RoundEvent roundEvent) => _options.Observer?.Invoke(roundEvent);

    private protected RoundAggregation Aggregation(
        long round,
        KeyValuePair<RoundMember, double[]>[] contributions,
        RoundMember? only,
        CloseReason reason
    ) => new(_options.Aggregator, round, contributions, only, reason, _options.TimeProvider.GetUtcNow());

    private bool IsPresent(RoundMember member) =>
        _present.TryGetValue(member.Client, out RoundMember? present) && present == member;
}
