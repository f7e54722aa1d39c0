using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>
/// Turns all bits of a key, and does before it what a test wants. It remembers the memory that it was handed.
/// </summary>
internal sealed class TroubledWrapper : IKeyWrapper
{
    private int _running;
    private int _mostAtOnce;

    /// <summary>What happens in each call, before its work.</summary>
    internal Func<KeyWrapContext, Task> Before { get; set; } = static _ => Task.CompletedTask;

    /// <summary>What happens in each call that wraps, and holds its thread.</summary>
    internal Action<KeyWrapContext> OnThread { get; set; } = static _ => { };

    /// <summary>What it gives back for what it has made.</summary>
    internal Func<byte[], byte[]?> Giving { get; set; } = static wrapped => wrapped;

    /// <summary>Every piece of memory that a call was handed.</summary>
    internal ConcurrentBag<ReadOnlyMemory<byte>> Handed { get; } = [];

    /// <summary>How many calls were under way at once.</summary>
    internal int MostAtOnce => _mostAtOnce;

    /// <summary>Whether a key is turned in the very memory in which it came.</summary>
    internal bool GivesBackWhatItWasHanded { get; set; }

    public async ValueTask<byte[]> WrapAsync(
        ReadOnlyMemory<byte> key,
        KeyWrapContext context,
        CancellationToken cancellationToken = default
    )
    {
        Handed.Add(key);
        await WorkAsync(context);
        if (GivesBackWhatItWasHanded && MemoryMarshal.TryGetArray(key, out ArraySegment<byte> memory))
        {
            Turn(key.Span, memory);
            return Giving(memory.Count == memory.Array!.Length ? memory.Array : [.. memory])!;
        }

        byte[] wrapped = new byte[key.Length];
        Turn(key.Span, wrapped);
        return Giving(wrapped)!;
    }

    public async ValueTask<bool> UnwrapAsync(
        ReadOnlyMemory<byte> wrapped,
        KeyWrapContext context,
        Memory<byte> key,
        CancellationToken cancellationToken = default
    )
    {
        Handed.Add(wrapped);
        Handed.Add(key);
        await WorkAsync(context);
        Turn(wrapped.Span[..key.Length], key.Span);
        return true;
    }

    private async Task WorkAsync(KeyWrapContext context)
    {
        OnThread(context);
        int running = Interlocked.Increment(ref _running);
        for (int most = _mostAtOnce; running > most; most = _mostAtOnce)
            Interlocked.CompareExchange(ref _mostAtOnce, running, most);
        try
        {
            await Before(context);
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private static void Turn(ReadOnlySpan<byte> from, Span<byte> to)
    {
        for (int i = 0; i < from.Length; i++)
            to[i] = (byte)~from[i];
    }
}
