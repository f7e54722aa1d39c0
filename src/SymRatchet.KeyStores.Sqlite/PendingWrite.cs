namespace SymRatchet.KeyStores.Sqlite;

/// <summary>A change that waits for its group.</summary>
internal abstract class PendingWrite
{
    /// <summary>Runs the change in the group's transaction. What the change itself refuses is its caller's alone; what SQLite says is the group's.</summary>
    internal abstract void Run(KeyWrites writes);

    /// <summary>Hands the outcome to the caller, once it is durable.</summary>
    internal abstract void Report();

    /// <summary>Tells the caller that the group failed.</summary>
    internal abstract void Fail(Exception failure);
}
