namespace SymRatchet.Aggregation;

/// <summary>Specifies the rule by which rounds close.</summary>
/// <remarks>
/// A round does not close while the previous one is being aggregated; until then it accepts contributions, even beyond
/// its quorum or time limit. Immutable.
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
    /// Gets the rule of the seed system: each client has its own round count, and its contribution to round R is
    /// answered at once, over the numbers of all present clients that have completed R.
    /// </summary>
    public static RoundClosing Immediately { get; } =
        new(answersAtOnce: true, allPresent: false, atLeast: 1, atLatest: null);

    /// <summary>
    /// Returns a rule with one common round at a time, which closes when every present client has contributed.
    /// </summary>
    /// <param name="atLeast">The least number of contributions, 1 or more, even if fewer clients are present.</param>
    /// <param name="atLatest">
    /// The time after the first contribution at which the round closes in any case: positive, at most a day; null for
    /// none.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static RoundClosing WhenAllPresent(int atLeast = 1, TimeSpan? atLatest = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(atLeast, 1);
        return new RoundClosing(answersAtOnce: false, allPresent: true, atLeast, atLatest);
    }

    /// <summary>
    /// Returns a rule with one common round at a time, which closes when a number of clients has contributed.
    /// </summary>
    /// <param name="clients">The number of clients, 1 or more.</param>
    /// <param name="atLatest">
    /// The time after the first contribution at which the round closes in any case: positive, at most a day; null for
    /// none.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public static RoundClosing AtQuorum(int clients, TimeSpan? atLatest = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(clients, 1);
        return new RoundClosing(answersAtOnce: false, allPresent: false, clients, atLatest);
    }

    /// <summary>
    /// Returns a rule with one common round at a time, which closes a time after its first contribution.
    /// </summary>
    /// <param name="time">The time: positive, at most a day.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of range.</exception>
    public static RoundClosing After(TimeSpan time) => new(answersAtOnce: false, allPresent: false, int.MaxValue, time);

    internal bool AnswersAtOnce { get; }

    internal bool AllPresent { get; }

    internal int AtLeast { get; }

    internal TimeSpan? AtLatest { get; }

    /// <summary>Returns a description of the rule.</summary>
    public override string ToString()
    {
        if (AnswersAtOnce)
            return "answered at once";
        string rule =
            AllPresent ? "closed when all are present"
            : AtLeast == int.MaxValue ? "closed by time"
            : $"closed at {AtLeast} clients";
        return AtLatest is { } limit ? $"{rule}, after {limit.TotalSeconds:0.###} s at the latest" : rule;
    }
}
