namespace SymRatchet.Aggregation;

/// <summary>
/// One common round at a time: the first contribution opens it; when the rule closes it, all contributors are answered.
/// While a round is aggregated the next one accepts contributions, but closes only after the previous one was
/// published, so that there is never more than one closed and one open round.
/// </summary>
internal sealed class CollectedRounds(RoundOptions options) : RoundEngine(options)
{
    private readonly RoundClosing _closing = options.Closing;
    private readonly TimeProvider _time = options.TimeProvider;
    private readonly Dictionary<RoundMember, double[]> _contributions = [];
    private RoundAggregation? _closed;
    private long _number = 1;
    private long _openedAt;
    private bool _closesManually;

    public override OpenRound? Open =>
        IsOpen ? new OpenRound(_number, _contributions.Count, PresentCount, TimeLeft) : null;

    public override TimeSpan? DueIn => MayClose ? TimeLeft : null;

    private bool IsOpen => _contributions.Count > 0;

    private bool MayClose => IsOpen && _closed is null && !IsAggregating;

    private TimeSpan? TimeLeft
    {
        get
        {
            if (!IsOpen || _closing.AtLatest is not { } limit)
                return null;
            TimeSpan left = limit - _time.GetElapsedTime(_openedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    public override void CloseIfDue()
    {
        if (DueIn == TimeSpan.Zero)
            CloseFor(CloseReason.Time);
    }

    public override bool Close()
    {
        if (!IsOpen)
            return false;
        _closesManually = true;
        CloseIfComplete();
        return true;
    }

    private protected override void OnJoined(RoundMember member) { }

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

    // A round whose last contributor has left counts as not opened.
    private protected override void OnLeft(RoundMember member)
    {
        _contributions.Remove(member);
        _closesManually &= IsOpen;
    }

    private protected override void CloseIfComplete()
    {
        if (!MayClose)
            return;
        if (_closesManually)
            CloseFor(CloseReason.ByHand);
        else if (_contributions.Count >= _closing.AtLeast && !_closing.AllPresent)
            CloseFor(CloseReason.Quorum);
        else if (_contributions.Count >= _closing.AtLeast && _contributions.Count == PresentCount)
            CloseFor(CloseReason.AllPresent);
    }

    private protected override RoundAggregation? NextAggregation()
    {
        RoundAggregation? next = _closed;
        _closed = null;
        return next;
    }

    private void CloseFor(CloseReason reason)
    {
        _closed = Aggregation(_number++, [.. _contributions], only: null, reason);
        _contributions.Clear();
        _closesManually = false;
    }
}
