using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>What is PostgreSQL's own: schemas, time limits, a database that goes away.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class PostgreSqlKeyStoreTests(PostgresServer server)
{
    private const string Name = "device 1";

    private readonly PostgresStores _stores = new(server);

    [SkippableFact]
    public async Task Many_processes_that_make_the_tables_at_once_make_them_once()
    {
        IKeyDirectory[] stores = await Task.WhenAll(
            Enumerable.Range(0, 10).Select(async _ => (IKeyDirectory)await _stores.OpenAsync())
        );
        await stores[0].AddAsync(TestKeys.Shared(Name));
        foreach (IKeyDirectory store in stores)
            Assert.Equal(0, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task Tables_that_are_missing_or_of_another_role_or_version_are_refused()
    {
        PostgreSqlKeyStoreOptions options = new() { Schema = _stores.SchemaOf(ChannelRole.Server) };
        await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, options)
        );
        await _stores.OpenAsync();
        await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, options);
        var role = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Client, options)
        );
        Assert.True(role.IsWrongRole);
        await server.ExecuteAsync($"UPDATE {options.Schema}.store SET version = 3");
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await PostgreSqlKeyStore.OpenAsync(server.Source, ChannelRole.Server, options)
        );
        Assert.Contains("version 3", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsWrongRole);
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("Keys")]
    [InlineData("1keys")]
    [InlineData("keys; DROP TABLE x")]
    [InlineData("x\"; DROP SCHEMA y; --")]
    [InlineData("x'y")]
    [InlineData("x.y")]
    [InlineData("pg_catalog")]
    [InlineData("schl\u00FCssel")]
    [InlineData("a234567890123456789012345678901234567890x")]
    public async Task A_schema_name_is_a_plain_word(string schema) =>
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await PostgreSqlKeyStore.CreateAsync(
                server.Source,
                ChannelRole.Server,
                new PostgreSqlKeyStoreOptions { Schema = schema }
            )
        );

    [SkippableTheory]
    [InlineData("user")]
    [InlineData("order")]
    [InlineData("select")]
    [InlineData("table")]
    [InlineData("end")]
    public async Task A_reserved_word_is_a_schema_name_like_any_other(string schema)
    {
        PostgreSqlKeyStoreOptions options = new() { Schema = schema };
        PostgreSqlKeyStore store = await PostgreSqlKeyStore.CreateAsync(server.Source, ChannelRole.Server, options);
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = store
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        await store.RotateAsync(TestKeys.Shared(Name, 1));
        await store.RestrictAsync(Name, []);
        Assert.Equal(1, await store.EpochAsync(Name));
        Assert.Single(await store.ListAsync(default, 10));
        Assert.NotNull(await store.DescribeAsync(Name));
        await store.RewrapAsync();
        await ((IKeyStoreProbe)(object)store).ProbeAsync();
        Assert.True(await store.RevokeAsync(Name));
        Assert.True(await watch.MoveNextAsync());
        await server.ExecuteAsync($"DROP SCHEMA \"{schema}\" CASCADE");
    }

    [SkippableFact]
    public async Task A_server_that_reports_commits_too_early_is_refused()
    {
        await _stores.OpenAsync();
        await using NpgsqlDataSource hasty = NpgsqlDataSource.Create(
            server.ConnectionString + ";Options=-c synchronous_commit=off"
        );
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await PostgreSqlKeyStore.OpenAsync(
                hasty,
                ChannelRole.Server,
                new PostgreSqlKeyStoreOptions { Schema = _stores.SchemaOf(ChannelRole.Server) }
            )
        );
        Assert.Contains("synchronous_commit", error.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_call_takes_no_longer_than_it_was_told()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Timeout = TimeSpan.FromSeconds(1) }
        );
        await store.AddAsync(TestKeys.Shared(Name));
        await using NpgsqlConnection other = await server.Source.OpenConnectionAsync();
        await using (NpgsqlTransaction held = await other.BeginTransactionAsync())
        {
            await using NpgsqlCommand hold = new(
                $"SELECT FROM {_stores.SchemaOf(ChannelRole.Server)}.keys FOR UPDATE",
                other,
                held
            );
            await hold.ExecuteNonQueryAsync();
            var error = await Assert.ThrowsAsync<KeyStoreException>(() => store.AdvanceAsync(Name, 1));
            Assert.Contains("within 1 s", error.Message, StringComparison.Ordinal);
        }

        await store.AdvanceAsync(Name, 1);
        Assert.Equal(1, await store.EpochAsync(Name));
    }

    [SkippableFact]
    public async Task A_revocation_reaches_a_watch_within_a_second()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared("device 2"));
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = (await _stores.OpenAsync())
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator();

        // The first tells that the watch listens.
        await store.RevokeAsync(Name);
        Assert.True(await watch.MoveNextAsync());
        TimeSpan revoked = FairTime.Now;
        await store.RevokeAsync("device 2");
        do
        {
            Assert.True(await watch.MoveNextAsync());
        } while ((watch.Current != "device 2"));

        Assert.InRange(FairTime.Now - revoked, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [SkippableFact]
    public async Task While_the_database_is_away_there_is_no_session_and_afterwards_all_is_well()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        InMemoryKeyStore client = new(ChannelRole.Client);
        foreach (string name in (string[])[Name, "device 2", "device 3"])
        {
            client.Add(TestKeys.Shared(name));
            await store.AddAsync(TestKeys.Shared(name));
        }

        await using ChannelRegistry live = new(store);
        SecureChannelServerOptions serverOptions = new() { Keys = store, ChannelRegistry = live };
        await using ChannelPair standing = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Keys = client, ClientId = "device 2" },
            serverOptions
        );
        await using ChannelPair untouched = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Keys = client, ClientId = "device 3" },
            serverOptions
        );

        // It goes in the middle of a handshake: after the challenge, before the server's advance.
        StoppingStore stopping = new(store, server);
        PipePair pipes = new();
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(pipes.Client, new SecureChannelClientOptions { Keys = client, ClientId = Name })
            .AsTask();
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await SecureChannel.AcceptAsync(pipes.Server, new SecureChannelServerOptions { Keys = stopping })
        );
        Assert.Equal(SecureChannelError.KeyStore, error.Error);
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync(Name));
        await standing.RoundAsync([1], [2]);

        await server.StartAsync();
        Assert.Equal((1, 0), (await client.EpochAsync(Name), await store.EpochAsync(Name)));
        await using (
            ChannelPair pair = await ChannelPair.CreateAsync(
                new SecureChannelClientOptions { Keys = client, ClientId = Name },
                serverOptions
            )
        )
            await pair.RoundAsync([1], [2]);
        Assert.Equal((2, 2), (await client.EpochAsync(Name), await store.EpochAsync(Name)));

        // The watch listens again.
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(standing.Server);
        await store.RevokeAsync("device 2");
        await Assert.ThrowsAsync<SecureChannelException>(() => receiving.WaitAsync(TimeSpan.FromSeconds(20)));
        await untouched.RoundAsync([1], [2]);
    }

    [SkippableFact]
    public async Task A_key_may_be_disposed_as_soon_as_the_call_that_adds_it_has_ended()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        await using (NpgsqlConnection other = await server.Source.OpenConnectionAsync())
        await using (NpgsqlTransaction held = await other.BeginTransactionAsync())
        {
            await using NpgsqlCommand hold = new(
                $"LOCK TABLE {_stores.SchemaOf(ChannelRole.Server)}.keys IN SHARE MODE",
                other,
                held
            );
            await hold.ExecuteNonQueryAsync();
            using CancellationTokenSource cancelling = new(300);
            using (StoredKey key = TestKeys.Shared(Name).ImportFor(ChannelRole.Server))
                await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
                    await store.AddAsync(key, cancelling.Token)
                );
        }

        // Added or not, as a cancelled call may be; but never with keys that were erased meanwhile.
        await Task.Delay(300);
        if (await store.DescribeAsync(Name) is not null)
            Assert.True(await store.HoldsAsync(Name, TestKeys.Shared(Name), ChannelRole.Server));
    }

    private sealed class StoppingStore(IKeyStore inner, PostgresServer server) : IKeyStore
    {
        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            inner.FindAsync(id, cancellationToken);

        public async ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        )
        {
            await server.StopAsync();
            await inner.AdvanceAsync(id, serial, epoch, epochKey, cancellationToken);
        }
    }
}
