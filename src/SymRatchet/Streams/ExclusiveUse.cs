namespace SymRatchet.Streams;

/// <summary>
/// Allows one user at a time until it is ended. Exactly one party cleans up: the user that leaves after the end, or the
/// caller that ends it while it is idle.
/// </summary>
internal struct ExclusiveUse
{
    private const int Idle = 0;
    private const int InUse = 1;
    private const int Ended = 2;

    private int _state;

    internal readonly bool HasEnded => (_state & Ended) != 0;

    /// <summary>Returns false if it is in use or has ended.</summary>
    internal bool TryEnter() => Interlocked.CompareExchange(ref _state, InUse, Idle) == Idle;

    /// <returns>Whether the caller must clean up.</returns>
    internal bool Leave() => (Interlocked.And(ref _state, ~InUse) & Ended) != 0;

    /// <param name="cleansUp">Whether the caller must clean up, because it is not in use.</param>
    /// <returns>Whether this call ended it.</returns>
    internal bool TryEnd(out bool cleansUp)
    {
        int before = Interlocked.Or(ref _state, Ended);
        cleansUp = before == Idle;
        return (before & Ended) == 0;
    }
}
