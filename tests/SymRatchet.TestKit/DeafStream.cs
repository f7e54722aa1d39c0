namespace SymRatchet.TestKit;

/// <summary>
/// A two-way stream that passes everything on until it is struck deaf: then no call comes back, whatever token it was
/// given and even where it is disposed.
/// </summary>
public sealed class DeafStream(Stream inner) : PassingStream(inner)
{
    private static readonly TaskCompletionSource Never = new();
    private volatile bool _isDeaf;

    public void Strike() => _isDeaf = true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = _isDeaf ? 0 : await Inner.ReadAsync(buffer, cancellationToken);
        if (_isDeaf)
            await Never.Task;
        return read;
    }

    public override async ValueTask WriteAsync(
        ReadOnlyMemory<byte> buffer,
        CancellationToken cancellationToken = default
    )
    {
        if (_isDeaf)
            await Never.Task;
        await Inner.WriteAsync(buffer, cancellationToken);
    }

    public override async ValueTask DisposeAsync()
    {
        if (_isDeaf)
            await Never.Task;
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
