namespace SymRatchet.Aggregation;

/// <summary>One round at a time for everybody: the first contribution opens it, the rule closes it and answers all who contributed.</summary>
internal sealed class CollectedRounds(RoundOptions options) : RoundEngine(options)
{
    private readonly RoundClosing _closing = options.Closing;
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly Dictionary<RoundMember, double[]> _contributions = [];
    private long _number = 1;
    private long _openedAt;

    public override OpenRound? Open => IsOpen ? new OpenRound(_number, _contributions.Count, PresentCount, DueIn) : null;

    public override TimeSpan? DueIn
    {
        get
        {
            if (!IsOpen || _closing.AtLatest is not { } limit)
                return null;
            TimeSpan left = limit - _time.GetElapsedTime(_openedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    private bool IsOpen => _contributions.Count > 0;

    public override void CloseIfDue()
    {
        if (DueIn == TimeSpan.Zero)
            CloseFor(CloseReason.Time);
    }

    public override bool Close()
    {
        if (!IsOpen)
            return false;
        CloseFor(CloseReason.ByHand);
        return true;
    }

    private protected override void Welcome(RoundMember member)
    {
    }

    private protected override RoundRefusal Accept(RoundMember member, ReadOnlySpan<double> numbers, long? round)
    {
        if (round < _number)
            return RoundRefusal.Late;
        if (round > _number)
            return RoundRefusal.Early;
        if (_contributions.ContainsKey(member))
            return RoundRefusal.Duplicate;

        if (!IsOpen)
        {
            _openedAt = _time.GetTimestamp();
            Notify(new RoundEvent.Opened(_number));
        }

        _contributions.Add(member, numbers.ToArray());
        Notify(new RoundEvent.Contributed(member, _number, numbers.Length));
        CloseIfComplete();
        return RoundRefusal.None;
    }

    // A round whose last contributor has gone is as if it had not been opened.
    private protected override void Forget(RoundMember member) => _contributions.Remove(member);

    private protected override void PresenceFell() => CloseIfComplete();

    private void CloseIfComplete()
    {
        if (!IsOpen || _contributions.Count < _closing.AtLeast)
            return;
        if (!_closing.AllPresent)
            CloseFor(CloseReason.Quorum);
        else if (_contributions.Count == PresentCount)
            CloseFor(CloseReason.AllPresent);
    }

    private void CloseFor(CloseReason reason)
    {
        foreach ((RoundMember member, double[] numbers) in _contributions)
            Gather(member, numbers);

        CloseOver(_number, _contributions.Count, _contributions.Keys, reason);
        _contributions.Clear();
        _number++;
    }
}
