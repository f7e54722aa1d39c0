namespace SymRatchet.Tool.Keys;

/// <summary>A store that a command uses, and what to call it.</summary>
internal sealed class OpenedStore(IKeyDirectory directory, string name, IAsyncDisposable resource) : IAsyncDisposable
{
    internal IKeyDirectory Directory => directory;

    internal string Name => name;

    public ValueTask DisposeAsync() => resource.DisposeAsync();
}
