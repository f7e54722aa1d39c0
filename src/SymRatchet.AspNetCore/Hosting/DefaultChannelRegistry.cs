namespace SymRatchet.AspNetCore;

/// <summary>
/// The default <see cref="ChannelRegistry"/>, created with the options if the application supplies none, and disposed
/// with the host. Thread-safe.
/// </summary>
internal sealed class DefaultChannelRegistry : IAsyncDisposable, IDisposable
{
    private readonly Lock _gate = new();
    private ChannelRegistry? _registry;

    public ValueTask DisposeAsync() => _registry?.DisposeAsync() ?? default;

    /// <summary>Ends the watch without waiting, for hosts that dispose their services synchronously.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    internal ChannelRegistry Of(IKeyDirectory store, SecureChannelServerOptions options)
    {
        lock (_gate)
            return _registry ??= new ChannelRegistry(store, options);
    }
}
