namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>Writes keys as they are and counts its calls; while its gate is closed no call returns, as with a key service that hangs.</summary>
internal sealed class GatedWrapper : IKeyWrapper, IDisposable
{
    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private int _unwraps;

    /// <summary>Completes when a call has arrived at the closed gate.</summary>
    internal TaskCompletionSource Arrived { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal int Unwraps => Volatile.Read(ref _unwraps);

    internal void Close()
    {
        Arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gate.Reset();
    }

    internal void Open() => _gate.Set();

    public byte[] Wrap(ReadOnlySpan<byte> key, KeyPlace place)
    {
        Pass();
        return key.ToArray();
    }

    public bool Unwrap(ReadOnlySpan<byte> wrapped, KeyPlace place, Span<byte> key)
    {
        Interlocked.Increment(ref _unwraps);
        Pass();
        return PlainKeys.Instance.Unwrap(wrapped, place, key);
    }

    public void Dispose() => _gate.Dispose();

    private void Pass()
    {
        if (!_gate.IsSet)
            Arrived.TrySetResult();
        _gate.Wait();
    }
}
