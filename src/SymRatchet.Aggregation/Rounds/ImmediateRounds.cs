namespace SymRatchet.Aggregation;

/// <summary>
/// The seed system's rule: every client counts its own rounds, and each contribution is answered, as soon as its turn
/// comes, over all present clients that have completed the same round. What waits for its turn goes with its client.
/// </summary>
internal sealed class ImmediateRounds(RoundOptions options) : RoundEngine(options)
{
    private readonly int _retainedNumbers = options.RetainedNumbersPerClient;
    private readonly Dictionary<RoundMember, ClientPast> _pasts = [];
    private readonly List<(RoundMember Member, long Round, double[] Numbers)> _unanswered = [];

    public override OpenRound? Open => null;

    public override TimeSpan? DueIn => null;

    public override void CloseIfDue() { }

    public override bool Close() => false;

    private protected override void Welcome(RoundMember member) => _pasts.Add(member, new ClientPast(_retainedNumbers));

    private protected override RoundRefusal Accept(RoundMember member, ReadOnlySpan<double> numbers, long? round)
    {
        ClientPast past = _pasts[member];
        long next = past.Completed + 1;
        if (round < next)
            return RoundRefusal.Duplicate;
        if (round > next)
            return RoundRefusal.Early;

        double[] own = numbers.ToArray();
        past.Add(own);
        _unanswered.Add((member, next, own));
        Notify(new RoundEvent.Contributed(member, next, numbers.Length));
        return RoundRefusal.None;
    }

    private protected override void Forget(RoundMember member)
    {
        _pasts.Remove(member);
        _unanswered.RemoveAll(waiting => waiting.Member == member);
    }

    private protected override void CloseIfComplete() { }

    private protected override RoundAggregation? NextAggregation()
    {
        if (_unanswered.Count == 0)
            return null;

        (RoundMember member, long round, double[] own) = _unanswered[0];
        _unanswered.RemoveAt(0);
        // Whoever came later to this round waits behind, and is counted from his own answer on.
        HashSet<RoundMember> behind =
        [
            .. _unanswered.Where(waiting => waiting.Round == round).Select(waiting => waiting.Member),
        ];
        List<KeyValuePair<RoundMember, double[]>> contributions = [];
        foreach (RoundMember other in PresentMembers)
        {
            // The client's own numbers count even where it went on so far that its past no longer holds them.
            if (!behind.Contains(other) && (other == member ? own : _pasts[other].Find(round)) is { } numbers)
                contributions.Add(KeyValuePair.Create(other, numbers));
        }

        return Aggregation(round, [.. contributions], member, CloseReason.Answered);
    }
}
