using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;
using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Benchmarks;

/// <summary>
/// What a server's store costs a handshake: one after the other, and a hundred clients at once. The clients' keys are
/// in memory, and so is the wire. PostgreSQL takes part where SYMRATCHET_POSTGRES names a database to which it may
/// write.
/// </summary>
[SimpleJob(RunStrategy.Throughput, warmupCount: 2, iterationCount: 8)]
public class StoreBenchmarks
{
    private const int AtOnce = 100;

    private static readonly string? Database = Environment.GetEnvironmentVariable("SYMRATCHET_POSTGRES");

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-bench-").FullName;
    private InMemoryKeyStore _clients = null!;
    private IKeyDirectory _server = null!;
    private NpgsqlDataSource? _source;

    public static IEnumerable<string> Stores =>
        Database is null ? ["memory", "sqlite"] : ["memory", "sqlite", "postgresql"];

    [ParamsSource(nameof(Stores))]
    public string Store { get; set; } = "";

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _clients = new InMemoryKeyStore(ChannelRole.Client);
        _server = await OpenAsync();
        for (int i = 0; i < AtOnce; i++)
        {
            using PreSharedKey key = PreSharedKey.Generate(NameOf(i));
            _clients.Add(key);
            await _server.AddAsync(key);
        }
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        if (_server is IAsyncDisposable store)
            await store.DisposeAsync();
        if (_source is not null)
            await _source.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public Task OneAfterTheOther() => HandshakeAsync(0);

    [Benchmark(OperationsPerInvoke = AtOnce)]
    public Task AHundredAtOnce() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(HandshakeAsync));

    private async Task HandshakeAsync(int client)
    {
        (MemoryWire clientEnd, MemoryWire serverEnd) = MemoryWire.CreatePair();
        ValueTask<ISecureChannel> connecting = SecureChannel.ConnectAsync(
            clientEnd,
            new SecureChannelClientOptions { Keys = _clients, ClientId = NameOf(client) }
        );
        ValueTask<ISecureChannel> accepting = SecureChannel.AcceptAsync(
            serverEnd,
            new SecureChannelServerOptions { Keys = _server }
        );
        await using ISecureChannel server = await accepting;
        await using ISecureChannel channel = await connecting;
    }

    private async Task<IKeyDirectory> OpenAsync()
    {
        switch (Store)
        {
            case "memory":
                return new InMemoryKeyStore(ChannelRole.Server);
            case "sqlite":
                return SqliteKeyStore.Open(Path.Combine(_folder, "bench.keys"), ChannelRole.Server);
            default:
                _source = NpgsqlDataSource.Create(Database!);
                return await PostgreSqlKeyStore.CreateAsync(
                    _source,
                    ChannelRole.Server,
                    new PostgreSqlKeyStoreOptions { Schema = $"bench_{Guid.NewGuid():n}" }
                );
        }
    }

    private static string NameOf(int client) => $"client {client}";
}
