using SymRatchet.TestKit;

namespace SymRatchet.Stress.Ends;

/// <summary>
/// A transport that takes no notice of tokens; struck deaf, none of its calls comes back any more, not even its
/// disposal.
/// </summary>
internal sealed class UnrulyStream(Stream inner) : PassingStream(inner)
{
    private readonly TaskCompletionSource _never = new();
    private volatile bool _isDeaf;

    internal void Strike() => _isDeaf = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = _isDeaf ? 0 : await Inner.ReadAsync(buffer, CancellationToken.None);
        if (_isDeaf)
            await _never.Task;
        return read;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        if (_isDeaf)
            await _never.Task;
        await Inner.WriteAsync(buffer, CancellationToken.None);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_isDeaf)
            await _never.Task;
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
