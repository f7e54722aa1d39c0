using BenchmarkDotNet.Attributes;

namespace SymRatchet.Benchmarks;

/// <summary>
/// What the start of a server costs as its store's identities become many: opening the store, and the first look of the
/// watch for revocations, which finds one. A store in memory has neither.
/// </summary>
public class GrowthStartBenchmarks
{
    private GrowingStore _store = null!;
    private IKeyDirectory _opened = null!;
    private int _revoked;

    public static IEnumerable<string> Stores =>
        GrowingStore.HasPostgres ? [GrowingStore.Sqlite, GrowingStore.Postgres] : [GrowingStore.Sqlite];

    [ParamsSource(nameof(Stores))]
    public string Store { get; set; } = "";

    [Params(1_000, 100_000, 1_000_000)]
    public int Size { get; set; }

    [GlobalSetup]
    public async Task SetupAsync() => _store = await GrowingStore.CreateAsync(Store, Size);

    [GlobalCleanup]
    public async Task CleanupAsync() => await _store.DisposeAsync();

    [Benchmark]
    public async Task Open() => await GrowingStore.CloseAsync(await _store.OpenAsync());

    // One measurement each: a revocation is told once.
    [IterationSetup(Target = nameof(StartWatch))]
    public void OpenAndRevoke()
    {
        _opened = Task.Run(_store.OpenAsync).GetAwaiter().GetResult();
        ClientId id = GrowingStore.IdOf(_revoked++ % Size);
        if (!Task.Run(() => _store.Keys.RevokeAsync(id).AsTask()).GetAwaiter().GetResult())
            throw new InvalidOperationException("There is nobody left to revoke.");
    }

    [IterationCleanup(Target = nameof(StartWatch))]
    public void Close() => Task.Run(() => GrowingStore.CloseAsync(_opened)).GetAwaiter().GetResult();

    [Benchmark]
    public async Task<ClientId> StartWatch()
    {
        await foreach (ClientId id in _opened.WatchRevocationsAsync())
            return id;
        throw new InvalidOperationException("The watch ended.");
    }
}
