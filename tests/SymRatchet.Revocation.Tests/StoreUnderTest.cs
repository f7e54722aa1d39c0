using Npgsql;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.PostgreSql;
using SymRatchet.TestKit;

namespace SymRatchet.Revocation.Tests;

/// <summary>A server's store, how others get at the same keys, and how what it hears of them by breaks.</summary>
internal abstract class StoreUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    internal abstract IKeyDirectory Store { get; }

    /// <summary>Another object on the same keys.</summary>
    internal virtual ValueTask<IKeyDirectory> OpenAnotherAsync() => throw new NotSupportedException();

    /// <summary>The options of the tool that name this store.</summary>
    internal virtual string ToolOptions => throw new NotSupportedException();

    /// <summary>Breaks what the store's watch hears by, and returns when it hears again.</summary>
    internal virtual Task ReconnectAsync(ListLoggerFactory logs) => throw new NotSupportedException();

    public abstract ValueTask DisposeAsync();

    internal static async Task<StoreUnderTest> OpenAsync(StoreKind kind, PostgresServer postgres, TimeProvider clock) =>
        kind switch
        {
            StoreKind.InMemory => new InMemory(clock),
            StoreKind.Sqlite => new Sqlite(clock),
            _ => await PostgreSql.OpenAsync(postgres),
        };

    private static async Task UntilAsync(Func<Task<bool>> happened)
    {
        using CancellationTokenSource patience = new(Patience);
        while (!await happened())
            await Task.Delay(20, patience.Token);
    }

    private sealed class InMemory(TimeProvider clock) : StoreUnderTest
    {
        private readonly InMemoryKeyStore _store = new(ChannelRole.Server, clock);

        internal override IKeyDirectory Store => _store;

        public override ValueTask DisposeAsync()
        {
            _store.Dispose();
            return default;
        }
    }

    private sealed class Sqlite : StoreUnderTest
    {
        private readonly TemporaryFolder _folder = new();
        private readonly List<SqliteKeyStore> _opened = [];
        private readonly SqliteKeyStoreOptions _options;
        private readonly SqliteKeyStore _store;

        internal Sqlite(TimeProvider clock)
        {
            _options = new SqliteKeyStoreOptions { TimeProvider = clock };
            _store = Open();
        }

        internal override IKeyDirectory Store => _store;

        internal override string ToolOptions => $"--store '{File}'";

        private string File => _folder.PathOf("server.keys");

        internal override ValueTask<IKeyDirectory> OpenAnotherAsync() => new(Open());

        // The file is away for a while, and comes back.
        internal override async Task ReconnectAsync(ListLoggerFactory logs)
        {
            System.IO.File.Move(File, File + ".away");
            await UntilAsync(() =>
                Task.FromResult(logs.Lines.Any(line => line.Contains("could not be watched", StringComparison.Ordinal)))
            );
            System.IO.File.Move(File + ".away", File);
            await UntilAsync(() =>
                Task.FromResult(logs.Lines.Any(line => line.Contains("watched again", StringComparison.Ordinal)))
            );
        }

        public override async ValueTask DisposeAsync()
        {
            foreach (SqliteKeyStore store in _opened)
                await store.DisposeAsync();
            _folder.Dispose();
        }

        private SqliteKeyStore Open()
        {
            SqliteKeyStore store = SqliteKeyStore.Open(File, ChannelRole.Server, _options);
            _opened.Add(store);
            return store;
        }
    }

    private sealed class PostgreSql(
        PostgresServer server,
        PostgresStores stores,
        NpgsqlDataSource source,
        PostgreSqlKeyStore store
    ) : StoreUnderTest
    {
        private const string Watching = "watching";

        internal static async Task<PostgreSql> OpenAsync(PostgresServer server)
        {
            PostgresStores stores = new(server);
            NpgsqlDataSource source = NpgsqlDataSource.Create($"{server.ConnectionString};Application Name={Watching}");
            return new PostgreSql(server, stores, source, await stores.OpenAsync(source: source));
        }

        internal override IKeyDirectory Store => store;

        internal override string ToolOptions =>
            $"--postgres '{server.ConnectionString}' --schema {stores.SchemaOf(ChannelRole.Server)}";

        internal override async ValueTask<IKeyDirectory> OpenAnotherAsync() => await stores.OpenAsync();

        // All connections of the store are cut, that of its listener too; another one listens soon.
        internal override async Task ReconnectAsync(ListLoggerFactory logs)
        {
            int old = 0;
            await UntilAsync(async () => (old = await ListenerAsync(except: 0)) != 0);
            await server.ExecuteAsync(
                $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{Watching}'"
            );
            await UntilAsync(async () => await ListenerAsync(except: old) != 0);
        }

        public override ValueTask DisposeAsync() => source.DisposeAsync();

        // It does nothing between LISTEN and its keepalives.
        private Task<int> ListenerAsync(int except) =>
            server.ValueAsync<int>(
                $"""
                SELECT coalesce(max(pid), 0)
                FROM pg_stat_activity
                WHERE application_name = '{Watching}' AND pid <> {except}
                    AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT 1%')
                """
            );
    }
}
