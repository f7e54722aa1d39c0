namespace SymRatchet.Exploration.Machine;

/// <summary>Decides at each point of a run, and remembers what there was to decide.</summary>
internal abstract class Chooser
{
    private readonly List<int> _alternatives = [];
    private readonly List<Deviation> _taken = [];

    /// <summary>How many choices there were at each point.</summary>
    internal IReadOnlyList<int> Alternatives => _alternatives;

    /// <summary>What was chosen, as a schedule that replays it.</summary>
    internal Schedule Taken => new(_taken);

    internal int Choose(int alternatives, bool isNested)
    {
        int point = _alternatives.Count;
        _alternatives.Add(alternatives);
        int choice = Math.Min(Pick(point, alternatives, isNested), alternatives - 1);
        if (choice != 0)
            _taken.Add(new Deviation(point, choice));
        return choice;
    }

    private protected abstract int Pick(int point, int alternatives, bool isNested);
}

/// <summary>Follows a schedule.</summary>
internal sealed class ReplayChooser(Schedule schedule) : Chooser
{
    private int _next;

    private protected override int Pick(int point, int alternatives, bool isNested) =>
        _next < schedule.Deviations.Count && schedule.Deviations[_next].Point == point
            ? schedule.Deviations[_next++].Choice
            : 0;
}

/// <summary>
/// Walks at random, from a seed. Inside a call it departs seldom, since there are many more such points.
/// </summary>
internal sealed class RandomChooser(int seed) : Chooser
{
    private const int NestedOdds = 12;

#pragma warning disable CA5394 // a walk that is replayed, not a secret
    private readonly Random _random = new(seed);

    private protected override int Pick(int point, int alternatives, bool isNested) =>
        isNested && _random.Next(NestedOdds) != 0 ? 0 : _random.Next(alternatives);
#pragma warning restore CA5394
}
