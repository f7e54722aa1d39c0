using System.Buffers;

namespace SymRatchet.Stress.Checks;

/// <summary>
/// Rents arrays of the shared pool, fills them, holds them, and looks whether they changed: somebody who writes to an
/// array that he gave back is found, and an array that was given back twice.
/// </summary>
internal sealed class PoolCanary(Verdict verdict, int seed)
{
    private const int Held = 96;

    private readonly Random _random = new(seed);
    private readonly byte[]?[] _arrays = new byte[Held][];
    private readonly HashSet<byte[]> _rented = [];

    internal long Looks { get; private set; }

    internal async Task RunAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            // Each turn goes on with another thread, and so with another thread's part of the pool.
            await Task.Yield();
            for (int i = 0; i < 4; i++)
                Replace(_random.Next(Held));
            if (_random.Next(8) == 0)
                await Task.Delay(1, CancellationToken.None);
        }

        for (int i = 0; i < Held; i++)
            GiveBack(i);
    }

    private void Replace(int place)
    {
        GiveBack(place);
        byte[] array = ArrayPool<byte>.Shared.Rent(1 << _random.Next(8, 18));
        if (!_rented.Add(array))
            verdict.Fail("the shared pool gave out an array twice");
        array.AsSpan().Fill((byte)(place + 1));
        _arrays[place] = array;
    }

    private void GiveBack(int place)
    {
        if (_arrays[place] is not { } array)
            return;
        Looks++;
        if (array.AsSpan().ContainsAnyExcept((byte)(place + 1)))
            verdict.Fail($"a rented array of {array.Length} bytes of the shared pool was written to by somebody");
        _arrays[place] = null;
        _rented.Remove(array);
        array.AsSpan().Clear();
        ArrayPool<byte>.Shared.Return(array);
    }
}
