namespace SymRatchet.PropertyTests.Channel;

/// <summary>
/// What the limiter should do, written down in the plainest way: one list of all that was ever pending, looked through
/// anew for each answer.
/// </summary>
internal sealed class ReferenceLimiter(int inAll, int perNetwork, int perId)
{
    private readonly List<Handshake> _handshakes = [];
    private int _unreported;
    private int _identified;
    private int _now;
    private int _reportedAt = int.MinValue / 2;

    internal IEnumerable<bool> Evicted => _handshakes.Select(one => one.IsEvicted);

    internal int Pending => _handshakes.Count(one => one.IsPending);

    internal void Wait(int milliseconds) => _now += milliseconds;

    internal void Enter(int network)
    {
        _handshakes.Add(new Handshake { Network = network, Entered = _handshakes.Count });
        if (network != 0)
            EvictOldest(perNetwork, one => one.Network == network, one => one.Entered);
        EvictOldest(inAll, _ => true, one => one.Entered);
    }

    internal bool Identify(int handshake, byte id)
    {
        if (_handshakes[handshake].IsEvicted)
            return false;
        _handshakes[handshake].Id = id;
        _handshakes[handshake].Identified = ++_identified;
        EvictOldest(perId, one => one.Id == id, one => one.Identified);
        return true;
    }

    internal bool IsIdentified(int handshake) => _handshakes[handshake].Id is not null;

    internal bool IsOver(int handshake) => !_handshakes[handshake].IsPending && !_handshakes[handshake].IsEvicted;

    internal bool Confirm(int handshake)
    {
        _handshakes[handshake].IsPending = false;
        return !_handshakes[handshake].IsEvicted;
    }

    internal int? Report()
    {
        if (_unreported == 0 || _now - _reportedAt < 1000)
            return null;
        int told = _unreported;
        _unreported = 0;
        _reportedAt = _now;
        return told;
    }

    private void EvictOldest(int limit, Func<Handshake, bool> counts, Func<Handshake, int> age)
    {
        List<Handshake> counted = [.. _handshakes.Where(one => one.IsPending && counts(one)).OrderBy(age)];
        if (counted.Count <= limit)
            return;
        counted[0].IsPending = false;
        counted[0].IsEvicted = true;
        _unreported++;
    }

    private sealed class Handshake
    {
        internal int Network { get; init; }

        internal int Entered { get; init; }

        internal byte? Id { get; set; }

        internal int Identified { get; set; }

        internal bool IsPending { get; set; } = true;

        internal bool IsEvicted { get; set; }
    }
}
