using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

[Collection(PostgresServer.CollectionName)]
public class PostgreSqlFaultTests(PostgresServer server) : FaultContract
{
    private readonly PostgresStores _stores = new(server);
    private bool _isFilled;

    private protected override TimeSpan Limit => Options.Timeout;

    private protected virtual PostgreSqlKeyStoreOptions Options { get; } = new() { Timeout = TimeSpan.FromSeconds(2) };

    private string Table => $"{_stores.SchemaOf(ChannelRole.Server)}.keys";

    private protected override async ValueTask<IKeyStore> OpenAsync(StoreFault fault)
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync(
            options: new(Options) { Timeout = MustSucceed(fault) ? TimeSpan.FromSeconds(20) : Options.Timeout }
        );
        if (!_isFilled)
        {
            await store.AddAsync(TestKeys.Shared(Name));
            await store.AddAsync(TestKeys.Shared(Other));
            _isFilled = true;
        }

        return store;
    }

    private protected override async ValueTask<Func<Task>?> BreakAsync(StoreFault fault)
    {
        switch (fault)
        {
            case StoreFault.Frozen:
                return Ending(await server.FreezeAllAsync());
            case StoreFault.Slow:
                NpgsqlConnection other = await server.Source.OpenConnectionAsync();
                await using (NpgsqlCommand held = other.CreateCommand())
                {
                    held.CommandText = $"BEGIN; LOCK TABLE {Table}";
                    await held.ExecuteNonQueryAsync();
                }

                Task ending = Task.Run(async () =>
                {
                    await Task.Delay(300);
                    await other.DisposeAsync();
                });
                return () => ending;
            case StoreFault.Failing:
                await server.ExecuteAsync($"ALTER TABLE {Table} RENAME TO gone");
                return () => server.ExecuteAsync($"ALTER TABLE {Table[..^"keys".Length]}gone RENAME TO keys");
            case StoreFault.ReadOnly:
                return Ending(await server.SetAsync("default_transaction_read_only", "on"));
            case StoreFault.OddRow:
                await server.ExecuteAsync($"UPDATE {Table} SET protocol = 99 WHERE id = '{Other}'");
                return () => Task.CompletedTask;
            default:
                return null; // the files are the server's business; where they fail, it answers with errors
        }
    }

    private static Func<Task> Ending(IAsyncDisposable fault) => async () => await fault.DisposeAsync();
}
