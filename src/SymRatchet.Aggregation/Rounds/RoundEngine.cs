using System.Runtime.InteropServices;

namespace SymRatchet.Aggregation;

/// <summary>
/// Keeps rounds without any input or output of its own: calls go in, outcomes come out of <see cref="TryTakeOutcome"/>. After
/// each call the caller takes the outcomes, tells the clients, and comes back after <see cref="DueIn"/>. Not thread-safe.
/// </summary>
/// <remarks>
/// Memory is bounded by the clients that are present, whatever number of rounds they do: a client counts once, and what a
/// client left behind goes with it.
/// </remarks>
public abstract class RoundEngine
{
    /// <summary>The largest weight of a client.</summary>
    public const double MaxWeight = 1e6;

    private readonly RoundOptions _options;
    private readonly RoundHistory _history;
    private readonly Dictionary<string, RoundMember> _present = new(StringComparer.Ordinal);
    private readonly Queue<RoundOutcome> _outcomes = new();
    private readonly List<Measurement> _gathered = [];

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
        options.Validate();
        return options.Closing.AnswersAtOnce ? new ImmediateRounds(options) : new CollectedRounds(options);
    }

    /// <summary>The clients that are present, in no order.</summary>
    public IReadOnlyList<RoundMember> Present => [.. _present.Values];

    /// <summary>The rounds closed last, oldest first.</summary>
    public IReadOnlyList<ClosedRound> History => _history.Snapshot();

    /// <summary>The round that is open; null where none is, or where rounds are answered at once.</summary>
    public abstract OpenRound? Open { get; }

    /// <summary>How long until <see cref="CloseIfDue"/> has something to do; null where no round runs against time.</summary>
    public abstract TimeSpan? DueIn { get; }

    /// <summary>Lets a client in. A client is present once: an earlier presence of the same name ends, with an outcome that says so.</summary>
    /// <param name="client">The client's name.</param>
    /// <param name="weight">Positive, at most <see cref="MaxWeight"/>.</param>
    public RoundMember Join(string client, double weight = 1)
    {
        ArgumentException.ThrowIfNullOrEmpty(client);
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

    /// <summary>Counts a client's numbers. Where they are counted, an outcome follows, now or when the round closes.</summary>
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

    /// <summary>Lets a client go; its numbers are no longer counted. It may make the open round complete. Nothing happens if it is gone.</summary>
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
        PresenceFell();
    }

    /// <summary>Closes the open round if its time is over.</summary>
    public abstract void CloseIfDue();

    /// <summary>Closes the open round by hand.</summary>
    /// <returns>Whether there was one.</returns>
    public abstract bool Close();

    /// <summary>Takes what is to be told to one client; call it until it returns false.</summary>
    /// <param name="outcome">What is to be told, and to whom.</param>
    public bool TryTakeOutcome(out RoundOutcome outcome) => _outcomes.TryDequeue(out outcome);

    private protected int PresentCount => _present.Count;

    private protected IEnumerable<RoundMember> PresentMembers => _present.Values;

    private protected abstract void Welcome(RoundMember member);

    private protected abstract RoundRefusal Accept(RoundMember member, ReadOnlySpan<double> numbers, long? round);

    private protected abstract void Forget(RoundMember member);

    private protected abstract void PresenceFell();

    private protected void Notify(RoundEvent happened) => _options.Observer?.Invoke(happened);

    private protected void Gather(RoundMember member, double[] numbers)
    {
        foreach (double number in numbers)
            _gathered.Add(new Measurement(member.Client, number, member.Weight));
    }

    /// <summary>Closes a round over what was gathered, for those who are answered now.</summary>
    private protected void CloseOver(long round, int clients, IEnumerable<RoundMember> answered, CloseReason reason)
    {
        ReadOnlySpan<Measurement> measurements = CollectionsMarshal.AsSpan(_gathered);
        double? shared = Evaluate(round, null, measurements);
        foreach (RoundMember member in answered)
        {
            double? answer = _options.Aggregator is IPersonalAggregator ? Evaluate(round, member, measurements) : shared;
            _outcomes.Enqueue(new RoundOutcome(member, round, answer ?? 0, answer is null ? RoundRefusal.AggregateFailed : RoundRefusal.None));
        }

        ClosedRound closed = new(round, shared, clients, measurements.Length, reason, _options.TimeProvider.GetUtcNow());
        _gathered.Clear();
        _history.Add(closed);
        Notify(new RoundEvent.Closed(closed));
    }

    private bool IsPresent(RoundMember member) => _present.TryGetValue(member.Client, out RoundMember? present) && present == member;

#pragma warning disable CA1031 // an aggregator is the user's code: whatever it throws must not leave a round half closed
    private double? Evaluate(long round, RoundMember? member, ReadOnlySpan<Measurement> measurements)
    {
        try
        {
            double value = member is null
                ? _options.Aggregator.Aggregate(measurements)
                : ((IPersonalAggregator)_options.Aggregator).AggregateFor(member.Client, measurements);
            return double.IsFinite(value) ? value : null;
        }
        catch (Exception e)
        {
            Notify(new RoundEvent.AggregatorFailed(round, e));
            return null;
        }
    }
#pragma warning restore CA1031
}
