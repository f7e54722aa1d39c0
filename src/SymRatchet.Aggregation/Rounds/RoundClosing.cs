namespace SymRatchet.Aggregation;

/// <summary>The rule by which rounds close. Immutable.</summary>
/// <remarks>
/// A round never closes while the one before it is aggregated: it takes contributions until then, even beyond its
/// quorum or its time.
/// </remarks>
public sealed class RoundClosing
{
    private RoundClosing(bool answersAtOnce, bool allPresent, int atLeast, TimeSpan? atLatest)
    {
        if (atLatest is { } limit && (limit <= TimeSpan.Zero || limit > TimeSpan.FromDays(1)))
            throw new ArgumentOutOfRangeException(
                nameof(atLatest),
                "The time limit of a round is positive and at most a day."
            );
        AnswersAtOnce = answersAtOnce;
        AllPresent = allPresent;
        AtLeast = atLeast;
        AtLatest = atLatest;
    }

    /// <summary>
    /// The seed system's rule: each client has a count of its own rounds, and its contribution to round R is answered
    /// at once, over the numbers of all present clients that have completed R so far.
    /// </summary>
    public static RoundClosing Immediately { get; } =
        new(answersAtOnce: true, allPresent: false, atLeast: 1, atLatest: null);

    /// <summary>One round at a time for everybody, closed once every client that is present has contributed.</summary>
    /// <param name="atLeast">How many contributions it takes even if fewer clients are present.</param>
    /// <param name="atLatest">The round closes this long after its first contribution, whoever is missing.</param>
    public static RoundClosing WhenAllPresent(int atLeast = 1, TimeSpan? atLatest = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atLeast, 1);
        return new RoundClosing(answersAtOnce: false, allPresent: true, atLeast, atLatest);
    }

    /// <summary>One round at a time for everybody, closed once so many clients have contributed.</summary>
    /// <param name="clients">How many contributions it takes.</param>
    /// <param name="atLatest">The round closes this long after its first contribution, whoever is missing.</param>
    public static RoundClosing AtQuorum(int clients, TimeSpan? atLatest = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        return new RoundClosing(answersAtOnce: false, allPresent: false, clients, atLatest);
    }

    /// <summary>One round at a time for everybody, closed so long after its first contribution.</summary>
    /// <param name="time">How long; positive.</param>
    public static RoundClosing After(TimeSpan time) => new(answersAtOnce: false, allPresent: false, int.MaxValue, time);

    internal bool AnswersAtOnce { get; }

    internal bool AllPresent { get; }

    internal int AtLeast { get; }

    internal TimeSpan? AtLatest { get; }

    /// <summary>The rule in words.</summary>
    public override string ToString()
    {
        if (AnswersAtOnce)
            return "answered at once";
        string rule =
            AllPresent ? "closed when all are present"
            : AtLeast == int.MaxValue ? "closed by time"
            : $"closed at {AtLeast} clients";
        return AtLatest is { } limit ? $"{rule}, after {limit.TotalSeconds:0.###} s at latest" : rule;
    }
}
