using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>Stores of earlier versions are upgraded by CreateAsync, and only by it.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class StoreUpgradeTests(PostgresServer server)
{
    private readonly PostgresStores _stores = new(server);

    private string Schema => _stores.SchemaOf(ChannelRole.Server);

    [SkippableFact]
    public async Task A_store_of_the_second_version_gets_its_tags()
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b", "c");
        await store.RevokeAsync("a");
        await store.RevokeAsync("b");
        await server.ExecuteAsync($"ALTER TABLE {Schema}.keys DROP COLUMN revocation_tag");
        await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, new() { Schema = Schema })
        );
        PostgreSqlKeyStore watched = await _stores.OpenAsync();
        Assert.Equal(2, await server.ValueAsync<long>($"SELECT count(DISTINCT revocation_tag) FROM {Schema}.keys"));
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await watched.RevokeAsync("c");
        Assert.Equal("c", await FirstAsync(watched, timeout.Token));
    }

    [SkippableFact]
    public async Task A_store_of_the_first_version_is_brought_up_to_date()
    {
        PostgreSqlKeyStoreOptions options = new() { Schema = Schema };
        await server.ExecuteAsync(
            $"""
            CREATE SCHEMA {Schema};
            CREATE TABLE {Schema}.store (version bigint NOT NULL, role bigint NOT NULL);
            CREATE SEQUENCE {Schema}.serials;
            CREATE TABLE {Schema}.keys (
                id bytea PRIMARY KEY, protocol integer NOT NULL, evolution integer NOT NULL, suites bigint NOT NULL,
                serial bigint NOT NULL, identity_key bytea, epoch bigint NOT NULL, epoch_key bytea,
                next_serial bigint, next_identity_key bytea, next_epoch_key bytea,
                added bigint NOT NULL, last_seen bigint, revoked bigint);
            CREATE INDEX keys_revoked ON {Schema}.keys (revoked) WHERE revoked IS NOT NULL;
            INSERT INTO {Schema}.store VALUES (1, {(int)ChannelRole.Server});
            INSERT INTO {Schema}.keys
            VALUES (decode('a0', 'hex'), 1, 1, 0, 100, NULL, 7, NULL, NULL, NULL, NULL, 1000, NULL, 3000);
            INSERT INTO {Schema}.keys
            VALUES (decode('a1', 'hex'), 1, 1, 0, 101, NULL, 8, NULL, NULL, NULL, NULL, 1000, NULL, 2000);
            SELECT setval('{Schema}.serials', 200)
            """
        );
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, options)
        );
        Assert.Contains("version 1", error.Message, StringComparison.Ordinal);
        PostgreSqlKeyStore store = await OpenAsync("b");
        Assert.Equal(
            [7, 8, 0],
            (await store.ListAsync(default, 10)).Select(record => record.Epoch).OrderBy(epoch => epoch == 0 ? 9 : epoch)
        );
        Assert.Equal(
            "a1,a0",
            await server.ValueAsync<string>(
                $"""
                SELECT string_agg(encode(id, 'hex'), ',' ORDER BY revocation)
                FROM {Schema}.keys
                WHERE revocation IS NOT NULL
                """
            )
        );
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        PostgreSqlKeyStore watched = await _stores.OpenAsync();
        await store.RevokeAsync("b");
        Assert.Equal("b", await FirstAsync(watched, timeout.Token));
    }

    private async Task<PostgreSqlKeyStore> OpenAsync(params string[] names)
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        foreach (string name in names)
            await store.AddAsync(TestKeys.Shared(name));
        return store;
    }

    private static async Task<string> FirstAsync(PostgreSqlKeyStore store, CancellationToken cancellationToken)
    {
        await using IAsyncEnumerator<ClientId> watch = store
            .WatchRevocationsAsync(cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        Assert.True(await watch.MoveNextAsync());
        return watch.Current.ToString();
    }
}
