namespace SymRatchet.TestKit;

/// <summary>
/// A stream whose asynchronous calls block their thread, once told to, until they are let go; disposal does not wake
/// them.
/// </summary>
public sealed class BlockingStream(Stream inner) : PassingStream(inner)
{
    private readonly ManualResetEventSlim _passes = new(initialState: true);
    private readonly TaskCompletionSource _blocked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed once a call blocks.</summary>
    public Task Blocked => _blocked.Task;

    public void Block() => _passes.Reset();

    public void Unblock() => _passes.Set();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Pass();
        return Inner.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Pass();
        return Inner.WriteAsync(buffer, cancellationToken);
    }

    public override ValueTask DisposeAsync()
    {
        Unblock();
        return base.DisposeAsync();
    }

    private void Pass()
    {
        if (!_passes.IsSet)
            _blocked.TrySetResult();
        _passes.Wait(CancellationToken.None);
    }
}
