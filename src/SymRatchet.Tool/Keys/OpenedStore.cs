namespace SymRatchet.Tool.Keys;

/// <summary>A store that a command uses, and what to call it.</summary>
internal sealed class OpenedStore(
    IKeyDirectory directory,
    string name,
    UnfinishedMark unfinished,
    IAsyncDisposable resource
) : IAsyncDisposable
{
    internal IKeyDirectory Directory => directory;

    internal string Name => name;

    /// <summary>Set while another store is copied into this one.</summary>
    internal UnfinishedMark Unfinished => unfinished;

    public ValueTask DisposeAsync() => resource.DisposeAsync();
}
