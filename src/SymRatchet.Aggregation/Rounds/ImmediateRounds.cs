namespace SymRatchet.Aggregation;

/// <summary>
/// The seed system's rule: every client counts its own rounds, and each contribution is answered at once over all present
/// clients that have completed the same round.
/// </summary>
internal sealed class ImmediateRounds(RoundOptions options) : RoundEngine(options)
{
    private readonly int _retainedNumbers = options.RetainedNumbersPerClient;
    private readonly Dictionary<RoundMember, ClientPast> _pasts = [];

    public override OpenRound? Open => null;

    public override TimeSpan? DueIn => null;

    public override void CloseIfDue()
    {
    }

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

        past.Add(numbers);
        Notify(new RoundEvent.Contributed(member, next, numbers.Length));

        int clients = 0;
        foreach (RoundMember other in PresentMembers)
        {
            if (_pasts[other].Find(next) is { } contribution)
            {
                Gather(other, contribution);
                clients++;
            }
        }

        CloseOver(next, clients, [member], CloseReason.Answered);
        return RoundRefusal.None;
    }

    private protected override void Forget(RoundMember member) => _pasts.Remove(member);

    private protected override void PresenceFell()
    {
    }
}
