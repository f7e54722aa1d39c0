namespace SymRatchet.Aggregation;

/// <summary>
/// The rule of the seed system: every client has its own round count, and contributions are answered in order, over all
/// present clients that have completed the same round. A pending contribution is dropped with its client.
/// </summary>
internal sealed class ImmediateRounds(RoundOptions options) : RoundEngine(options)
{
    private readonly int _retainedNumbers = options.RetainedNumbersPerClient;
    private readonly Dictionary<RoundMember, ContributionHistory> _histories = [];
    private readonly List<(RoundMember Member, long Round, double[] Numbers)> _unanswered = [];

    public override OpenRound? Open => null;

    public override TimeSpan? DueIn => null;

    public override void CloseIfDue() { }

    public override bool Close() => false;

    private protected override void OnJoined(RoundMember member) =>
        _histories.Add(member, new ContributionHistory(_retainedNumbers));

    private protected override RoundRefusal Accept(RoundMember member, ReadOnlySpan<double> numbers, long? round)
    {
        ContributionHistory history = _histories[member];
        long next = history.Completed + 1;
        if (round < next)
            return RoundRefusal.Duplicate;
        if (round > next)
            return RoundRefusal.Early;

        double[] own = numbers.ToArray();
        history.Add(own);
        _unanswered.Add((member, next, own));
        Notify(new RoundEvent.Contributed(member, next, numbers.Length));
        return RoundRefusal.None;
    }

    private protected override void OnLeft(RoundMember member)
    {
        _histories.Remove(member);
        _unanswered.RemoveAll(waiting => waiting.Member == member);
    }

    private protected override void CloseIfComplete() { }

    private protected override RoundAggregation? NextAggregation()
    {
        if (_unanswered.Count == 0)
            return null;

        (RoundMember member, long round, double[] own) = _unanswered[0];
        _unanswered.RemoveAt(0);
        // A client that contributed to this round later is still unanswered, and counts only from its own answer on.
        HashSet<RoundMember> unanswered =
        [
            .. _unanswered.Where(waiting => waiting.Round == round).Select(waiting => waiting.Member),
        ];
        List<KeyValuePair<RoundMember, double[]>> contributions = [];
        foreach (RoundMember other in PresentMembers)
        {
            // The client's own numbers count even if its history no longer holds them.
            if (!unanswered.Contains(other) && (other == member ? own : _histories[other].Find(round)) is { } numbers)
                contributions.Add(KeyValuePair.Create(other, numbers));
        }

        return Aggregation(round, [.. contributions], member, CloseReason.Answered);
    }
}
