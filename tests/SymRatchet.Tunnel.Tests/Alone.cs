namespace SymRatchet.Tunnel.Tests;

/// <summary>Tests that measure the process as a whole: they run when all others are done.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
