namespace SymRatchet.AspNetCore.Tests;

/// <summary>The most memory that the process held while bytes went by, looked at once in 64 MiB.</summary>
internal sealed class PeakMemory
{
    private const long Every = 64 << 20;

    private long _next = Every;

    internal long Value { get; private set; }

    internal void After(long total)
    {
        if (total < _next)
            return;
        _next += Every;
        Value = Math.Max(Value, GC.GetTotalMemory(forceFullCollection: true));
    }
}
