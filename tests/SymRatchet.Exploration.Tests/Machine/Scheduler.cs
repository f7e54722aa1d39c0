namespace SymRatchet.Exploration.Machine;

/// <summary>
/// Runs one step at a time: a continuation at the gate, a completion of the transport, or the next call of an actor.
/// Where the library calls into something of the test's (<see cref="Yield"/>), another step may run inside that call.
/// </summary>
internal sealed class Scheduler(Chooser chooser)
{
    private const int MaxDepth = 2;
    private const int MaxSteps = 2000;

    private readonly HopGate _gate = new();
    private readonly List<Step> _completions = [];
    private readonly List<string> _trace = [];
    private bool _isExploring;
    private int _depth;

    /// <summary>The calls that may be started now; only asked while exploring.</summary>
    internal Func<IEnumerable<Step>> NextCalls { get; set; } = () => [];

    /// <summary>What ran, in order; deeper lines ran inside the one above.</summary>
    internal IReadOnlyList<string> Trace => _trace;

    /// <summary>Grows while the run goes on.</summary>
    internal long Beats { get; private set; }

    /// <summary>Whether the thread whose turn it is waits, so that nobody runs.</summary>
    internal bool IsBlocked => _gate.IsBlocked;

    /// <summary>Whether what runs now runs inside another call.</summary>
    internal bool IsNested => _depth > 0;

    internal void Enter() => _gate.Enter();

    internal void Leave() => _gate.Open();

    /// <summary>Something that has happened and whose continuation the scheduler will run.</summary>
    internal void Post(string name, Action completion) => _completions.Add(new Step(name, completion));

    internal void Note(string line) => _trace.Add($"{new string(' ', 2 * _depth)}{line}");

    /// <summary>Runs steps, by choice, until nothing can go on.</summary>
    internal void Explore()
    {
        _isExploring = true;
        while (Enabled() is { Count: > 0 } steps)
            Run(steps[steps.Count == 1 ? 0 : chooser.Choose(steps.Count, isNested: false)]);
        _isExploring = false;
    }

    /// <summary>Runs what has happened already, in the default order, until nothing can go on.</summary>
    internal void Drain(Func<bool>? isEnough = null)
    {
        while (isEnough?.Invoke() != true && Enabled() is { Count: > 0 } steps)
            Run(steps[0]);
    }

    /// <summary>A point inside a call of the library at which another thread could run.</summary>
    internal void Yield(string place)
    {
        if (!_isExploring || _depth == MaxDepth || Enabled() is not { Count: > 0 } steps)
            return;
        int choice = chooser.Choose(1 + steps.Count, isNested: true);
        if (choice == 0)
            return;
        Note($"in {place}:");
        _depth++;
        Run(steps[choice - 1]);
        _depth--;
    }

    private List<Step> Enabled()
    {
        Beats++;
        List<Step> steps = [];
        int hops = _gate.Settle();
        for (int i = 0; i < hops; i++)
        {
            int index = i;
            steps.Add(new Step("a continuation from the pool", () => _gate.Run(index)));
        }

        foreach (Step completion in _completions)
            steps.Add(
                completion with
                {
                    Action = () =>
                    {
                        _completions.Remove(completion);
                        completion.Action();
                    },
                }
            );
        if (_isExploring)
            steps.AddRange(NextCalls());
        return steps;
    }

    private void Run(Step step)
    {
        if (_trace.Count > MaxSteps)
            throw new LivelockException();
        Note(step.Name);
        step.Action();
    }
}

internal sealed record Step(string Name, Action Action);

/// <summary>A run takes more steps than any that makes progress.</summary>
internal sealed class LivelockException() : Exception("the run does not come to rest");
