using System.Security.Cryptography;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>
/// Writes keys as they are and counts its calls; while its gate is closed no call returns, as with a key service that
/// hangs.
/// </summary>
internal sealed class GatedWrapper : SyncWrapper, IDisposable
{
    private readonly ManualResetEventSlim _gate = new(initialState: true);
    private int _unwraps;

    /// <summary>Completes when a call has arrived at the closed gate.</summary>
    internal TaskCompletionSource Arrived { get; private set; } =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether every call fails, as where the wrapping key is gone.</summary>
    internal bool IsFailing { get; set; }

    internal int Unwraps => Volatile.Read(ref _unwraps);

    internal void Close()
    {
        Arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _gate.Reset();
    }

    internal void Open() => _gate.Set();

    /// <summary>Brings a fault about that a wrapper can have.</summary>
    /// <returns>What ends it; null for a fault of something else.</returns>
    internal Func<Task>? Break(StoreFault fault)
    {
        switch (fault)
        {
            case StoreFault.Frozen:
                Close();
                return () => Task.Run(Open);
            case StoreFault.Slow:
                Close();
                Task opening = Task.Run(async () =>
                {
                    await Task.Delay(300);
                    Open();
                });
                return () => opening;
            case StoreFault.Failing:
                IsFailing = true;
                return () => Task.FromResult(IsFailing = false);
            default:
                return null;
        }
    }

    protected override byte[] Wrap(ReadOnlySpan<byte> key, KeyWrapContext context)
    {
        Pass();
        return key.ToArray();
    }

    protected override bool Unwrap(ReadOnlySpan<byte> wrapped, KeyWrapContext context, Span<byte> key)
    {
        Interlocked.Increment(ref _unwraps);
        Pass();
        return base.Unwrap(wrapped, context, key);
    }

    public void Dispose() => _gate.Dispose();

    private void Pass()
    {
        if (!_gate.IsSet)
            Arrived.TrySetResult();
        _gate.Wait();
        if (IsFailing)
            throw new CryptographicException("The wrapping key is not there.");
    }
}
