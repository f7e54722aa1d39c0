namespace SymRatchet.Streams;

/// <summary>
/// One user at a time, and an end: whoever leaves after the end, or ends while nobody is in, cleans up, and nobody else
/// does.
/// </summary>
internal struct ExclusiveUse
{
    private const int Idle = 0;
    private const int InUse = 1;
    private const int Ended = 2;

    private int _state;

    internal readonly bool HasEnded => (_state & Ended) != 0;

    /// <summary>False where somebody is in, or it has ended.</summary>
    internal bool TryEnter() => Interlocked.CompareExchange(ref _state, InUse, Idle) == Idle;

    /// <returns>Whether the one who leaves cleans up.</returns>
    internal bool Leave() => (Interlocked.And(ref _state, ~InUse) & Ended) != 0;

    /// <param name="cleansUp">Whether the one who ends it cleans up: nobody is in.</param>
    /// <returns>Whether this call ended it: it had not ended before.</returns>
    internal bool TryEnd(out bool cleansUp)
    {
        int before = Interlocked.Or(ref _state, Ended);
        cleansUp = before == Idle;
        return (before & Ended) == 0;
    }
}
