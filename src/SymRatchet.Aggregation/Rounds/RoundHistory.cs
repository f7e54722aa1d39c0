namespace SymRatchet.Aggregation;

/// <summary>The most recently closed rounds, oldest first. A round that is closed again moves to the end.</summary>
internal sealed class RoundHistory(int capacity)
{
    private readonly List<ClosedRound> _rounds = [];

    internal ClosedRound[] Snapshot() => [.. _rounds];

    internal void Add(ClosedRound round)
    {
        int earlier = _rounds.FindLastIndex(kept => kept.Number == round.Number);
        if (earlier >= 0)
            _rounds.RemoveAt(earlier);
        else if (_rounds.Count == capacity)
            _rounds.RemoveAt(0);
        _rounds.Add(round);
    }
}
