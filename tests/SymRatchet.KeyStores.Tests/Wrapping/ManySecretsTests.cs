using System.Diagnostics;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Sqlite;

namespace SymRatchet.KeyStores.Tests.Wrapping;

/// <summary>What a store does for a handshake beside the secrets of many channels.</summary>
[Collection(Name)]
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ManySecretsTests : IAsyncLifetime
{
    private const string Name = "many secrets";
    private const int Many = 250_000;
    private const int Times = 500;

    // Searching the gaps between so many took dozens of times the work.
    private const int MostTimesSlower = 4;

    private static readonly byte[] Key = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    private readonly StoreFolder _folder = new();
    private readonly KeyRing _ring = new();
    private readonly List<PreSharedKey> _staying = new(Many);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _staying.ForEach(key => key.Dispose());
        await _folder.DisposeAsync();
        _ring.Dispose();
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("plain")]
    [InlineData("wrapped")]
    public async Task A_lookup_takes_no_longer_where_many_secrets_stay(string kind)
    {
        IKeyDirectory store = kind switch
        {
            "memory" => new InMemoryKeyStore(ChannelRole.Server),
            "plain" => _folder.Open(),
            _ => _folder.Open(options: new() { Wrapper = _ring.Open() }),
        };
        await store.AddAsync(TestKeys.Shared("device 1"));
        await FindAsync(store);
        GC.Collect(); // what the tests before have left
        double few = await MeasureAsync(store);
        for (int i = 0; i < Many; i++)
        {
            _staying.Add(PreSharedKey.Import("another", Key));
            PreSharedKey.Import("of a handshake", Key).Dispose();
        }

        GC.Collect();
        Assert.InRange(await MeasureAsync(store) / few, 0, MostTimesSlower);
    }

    // The fastest of many, since the machine may do something else.
    private static async Task<double> MeasureAsync(IKeyDirectory store)
    {
        double fastest = double.MaxValue;
        for (int i = 0; i < Times; i++)
        {
            long started = Stopwatch.GetTimestamp();
            await FindAsync(store);
            fastest = Math.Min(fastest, Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        return fastest;
    }

    private static async Task FindAsync(IKeyDirectory store) => (await store.FindAsync("device 1"))!.Dispose();
}
