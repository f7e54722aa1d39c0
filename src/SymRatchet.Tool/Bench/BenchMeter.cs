namespace SymRatchet.Tool.Bench;

/// <summary>How many bytes a running test has carried, for who watches it. Thread-safe.</summary>
internal sealed class BenchMeter
{
    private long _bytes;

    internal long Bytes => Interlocked.Read(ref _bytes);

    internal void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);
}
