namespace SymRatchet.AspNetCore;

/// <summary>
/// Ends the channels of revoked clients where nobody brought an object that does: made with the options themselves, and
/// disposed with the host. Thread-safe.
/// </summary>
internal sealed class OwnChannelRegistry : IAsyncDisposable, IDisposable
{
    private readonly Lock _gate = new();
    private ChannelRegistry? _live;

    public ValueTask DisposeAsync() => _live?.DisposeAsync() ?? default;

    /// <summary>For who disposes its services in one step: the watch is told to end, and not waited for.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    internal ChannelRegistry Of(IKeyDirectory store, SecureChannelServerOptions options)
    {
        lock (_gate)
            return _live ??= new ChannelRegistry(store, options);
    }
}
