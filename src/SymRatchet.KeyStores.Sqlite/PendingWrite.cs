namespace SymRatchet.KeyStores.Sqlite;

/// <summary>A change that waits for its group.</summary>
internal abstract class PendingWrite
{
    private const int Waiting = 0;
    private const int Started = 1;
    private const int Abandoned = 2;

    private int _state;

    /// <summary>Gets whether it moves a key forward, so that the key that it replaces must go.</summary>
    internal required bool IsAdvance { get; init; }

    /// <summary>
    /// What the change owns and is erased once the writer is done with it, whatever its caller does meanwhile.
    /// </summary>
    internal IDisposable? Owned { get; init; }

    /// <summary>Returns whether its caller still waits; it must be run then.</summary>
    internal bool TryStart() => Interlocked.CompareExchange(ref _state, Started, Waiting) == Waiting;

    /// <summary>Gives it up, if it was not started.</summary>
    internal bool TryAbandon() => Interlocked.CompareExchange(ref _state, Abandoned, Waiting) != Started;

    /// <summary>
    /// Runs the change in the group's transaction, and again where that failed. Whatever it throws is its own.
    /// </summary>
    internal abstract void Run(KeyWrites writes);

    /// <summary>The change failed, and has changed nothing; the others of its group go on.</summary>
    internal abstract void Refuse(Exception refusal);

    /// <summary>Hands the outcome to the caller, once it is durable.</summary>
    internal abstract void Report();

    /// <summary>Reports to the caller that the group failed.</summary>
    internal abstract void Fail(Exception failure);
}
