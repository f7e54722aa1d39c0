using BenchmarkDotNet.Attributes;

namespace SymRatchet.Benchmarks;

/// <summary>
/// What a store's calls cost as its identities become many: nothing that grows with them is what is wanted of finding
/// and advancing a key. Each call is for another identity, far from the one before. PostgreSQL takes part where
/// SYMRATCHET_POSTGRES names a database to which it may write.
/// </summary>
public class GrowthBenchmarks
{
    private const int Page = 100;

    // Has no divisor in common with any of the sizes.
    private const int Stride = 786_433;

    private static readonly byte[] EpochKey = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private GrowingStore _store = null!;
    private int _at;
    private long _epoch;

    public static IEnumerable<string> Stores =>
        GrowingStore.HasPostgres
            ? [GrowingStore.Memory, GrowingStore.Sqlite, GrowingStore.Postgres]
            : [GrowingStore.Memory, GrowingStore.Sqlite];

    [ParamsSource(nameof(Stores))]
    public string Store { get; set; } = "";

    [Params(1_000, 100_000, 1_000_000)]
    public int Size { get; set; }

    [GlobalSetup]
    public async Task SetupAsync() => _store = await GrowingStore.CreateAsync(Store, Size);

    [GlobalCleanup]
    public async Task CleanupAsync() => await _store.DisposeAsync();

    [Benchmark]
    public async Task Find() =>
        (
            await _store.Keys.FindAsync(GrowingStore.IdOf(Next()))
            ?? throw new InvalidOperationException("The store was not filled.")
        ).Dispose();

    [Benchmark]
    public async Task Advance()
    {
        int number = Next();
        await _store.Keys.AdvanceAsync(GrowingStore.IdOf(number), _store.FirstSerial + number, ++_epoch, EpochKey);
    }

    [Benchmark]
    public async Task ListPage() => await _store.Keys.ListAsync(GrowingStore.IdOf(Next()), Page);

    private int Next() => _at = (int)(((long)_at + Stride) % Size);
}
