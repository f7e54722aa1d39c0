namespace SymRatchet.Aggregation;

/// <summary>Manages rounds without IO.</summary>
/// <remarks>
/// <para>
/// After each call the caller takes the outcomes from <see cref="TryTakeOutcome"/> and sends them to the clients, takes
/// the round to aggregate from <see cref="TakeAggregation"/>, if there is one, and calls <see cref="CloseIfDue"/> after
/// <see cref="DueIn"/>.
/// </para>
/// <para>
/// The engine never calls the aggregator: the caller runs a taken round on any thread and passes it to
/// <see cref="Publish"/>. Rounds are aggregated one at a time and published in the order of their closing. Memory is
/// bounded by the number of present clients, however many rounds they take part in and however slow the aggregator is.
/// </para>
/// <para>Not thread-safe.</para>
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

    /// <summary>Creates an engine for the rule of the options.</summary>
    /// <param name="options">The options; copied.</param>
    /// <returns>The engine.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="options"/> is null.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static RoundEngine Create(RoundOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = options.Validated();
        return options.Closing.AnswersAtOnce ? new ImmediateRounds(options) : new CollectedRounds(options);
    }

    /// <summary>Gets the present clients, in no particular order.</summary>
    public IReadOnlyList<RoundMember> Present => [.. _present.Values];

    /// <summary>Gets the most recently closed rounds, oldest first.</summary>
    public IReadOnlyList<ClosedRound> History => _history.Snapshot();

    /// <summary>Gets the open round; null if there is none, and with <see cref="RoundClosing.Immediately"/>.</summary>
    public abstract OpenRound? Open { get; }

    /// <summary>Gets the time after which to call <see cref="CloseIfDue"/>; null if no time limit is running.</summary>
    public abstract TimeSpan? DueIn { get; }

    /// <summary>Adds a client.</summary>
    /// <param name="client">The client's id, not <c>default</c>.</param>
    /// <param name="weight">The client's weight: positive, at most <see cref="MaxWeight"/>.</param>
    /// <returns>The client's presence.</returns>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The id is <c>default</c>, or the weight is out of range.
    /// </exception>
    /// <remarks>
    /// A client is present once: an earlier presence of the same id ends with <see cref="RoundRefusal.Superseded"/>.
    /// </remarks>
    public RoundMember Join(ClientId client, double weight = 1)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(client, default);
        if (!(weight > 0 && weight <= MaxWeight))
            throw new ArgumentOutOfRangeException(nameof(weight), $"A weight is positive and at most {MaxWeight}.");

        CloseIfDue();
        if (_present.Remove(client, out RoundMember? earlier))
        {
            OnLeft(earlier);
            _outcomes.Enqueue(new RoundOutcome(earlier, 0, 0, RoundRefusal.Superseded));
            Notify(new RoundEvent.Left(earlier, Superseded: true));
        }

        RoundMember member = new(client, weight);
        _present.Add(client, member);
        OnJoined(member);
        Notify(new RoundEvent.Joined(member));
        return member;
    }

    /// <summary>Counts a client's numbers.</summary>
    /// <param name="member">The presence of the client.</param>
    /// <param name="numbers">The numbers: at least one, all finite; copied.</param>
    /// <param name="round">The round that the client means; null for its next one.</param>
    /// <returns>
    /// <see cref="RoundRefusal.None"/> if they are counted; otherwise, the reason, and no outcome follows.
    /// </returns>
    /// <exception cref="ArgumentNullException"><paramref name="member"/> is null.</exception>
    /// <exception cref="ArgumentException">There are no numbers, or one is not finite.</exception>
    /// <remarks>If they are counted, an outcome follows, at once or when the round closes.</remarks>
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

    /// <summary>Removes a client and its numbers.</summary>
    /// <param name="member">The presence that <see cref="Join"/> returned.</param>
    /// <exception cref="ArgumentNullException"><paramref name="member"/> is null.</exception>
    /// <remarks>This may complete the open round. Does nothing if the client has left already.</remarks>
    public void Leave(RoundMember member)
    {
        ArgumentNullException.ThrowIfNull(member);
        CloseIfDue();
        if (!IsPresent(member))
            return;

        _present.Remove(member.Client);
        OnLeft(member);
        Notify(new RoundEvent.Left(member, Superseded: false));
        CloseIfComplete();
    }

    /// <summary>Closes the open round if its time limit is reached.</summary>
    public abstract void CloseIfDue();

    /// <summary>
    /// Closes the open round; if the previous round is still being aggregated, as soon as that is published.
    /// </summary>
    /// <returns>True if there was an open round; otherwise, false.</returns>
    public abstract bool Close();

    /// <summary>
    /// Takes the next round to aggregate: call its <see cref="RoundAggregation.Run"/>, then <see cref="Publish"/>.
    /// </summary>
    /// <returns>The round; null if none is closed, or if one was taken and is not published yet.</returns>
    public RoundAggregation? TakeAggregation() => IsAggregating ? null : _running = NextAggregation();

    /// <summary>
    /// Creates the outcomes of an aggregated round, also for contributors that have left, and closes the next round if
    /// it is complete.
    /// </summary>
    /// <param name="aggregation">The round that <see cref="TakeAggregation"/> returned, after it has run.</param>
    /// <exception cref="ArgumentNullException"><paramref name="aggregation"/> is null.</exception>
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

    /// <summary>Takes the next outcome to send to a client.</summary>
    /// <param name="outcome">The outcome.</param>
    /// <returns>True if there was one; otherwise, false.</returns>
    public bool TryTakeOutcome(out RoundOutcome outcome) => _outcomes.TryDequeue(out outcome);

    private protected int PresentCount => _present.Count;

    private protected IEnumerable<RoundMember> PresentMembers => _present.Values;

    private protected abstract void OnJoined(RoundMember member);

    private protected abstract RoundRefusal Accept(RoundMember member, ReadOnlySpan<double> numbers, long? round);

    private protected abstract void OnLeft(RoundMember member);

    /// <summary>Closes the open round if it is complete and the previous one is published.</summary>
    private protected abstract void CloseIfComplete();

    /// <summary>Removes and returns the next round to aggregate; null if there is none.</summary>
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
