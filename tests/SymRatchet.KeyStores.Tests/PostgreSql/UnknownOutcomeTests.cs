using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>A commit that is not known to be durable is told as unknown, and nothing is built on it.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class UnknownOutcomeTests(PostgresServer server)
{
    private const string Name = "device 1";

    private static readonly PostgreSqlKeyStoreOptions Short = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly PostgresStores _stores = new(server);

    [SkippableFact]
    public async Task A_commit_that_waits_for_a_standby_is_not_reported_as_done()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short);
        foreach (string name in (string[])[Name, "device 2", "device 3"])
            await store.AddAsync(TestKeys.Shared(name));
        long serial = await store.SerialAsync(Name);
        await using (await server.HoldCommitsAsync())
        {
            await IsUnknownAsync(async () => await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1)));

            // The epoch may be there already; that it was there before is no answer while nobody knows whether it
            // lasts.
            await IsUnknownAsync(async () => await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1)));
            await IsUnknownAsync(async () => await store.RevokeAsync("device 2"));
            await IsUnknownAsync(async () => await store.RevokeAsync("device 2"));
            await IsUnknownAsync(async () => await store.AddAsync(TestKeys.Shared("device 4")));
            await IsUnknownAsync(async () => await store.RotateAsync(TestKeys.Shared("device 3", 1)));
            await IsUnknownAsync(async () => await store.RestrictAsync("device 3", [CipherSuiteId.Aes256Gcm]));
            await IsUnknownAsync(async () => await ((IKeyStoreProbe)(object)store).ProbeAsync());
        }

        await store.AdvanceAsync(Name, serial, 2, TestKeys.Root(Name, 2));
    }

    [SkippableTheory]
    [InlineData("pg_cancel_backend")]
    [InlineData("pg_terminate_backend")]
    public async Task A_wait_that_the_server_gives_up_is_not_reported_as_done(string how)
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Application Name=given_up"
        );
        PostgreSqlKeyStore store = await _stores.OpenAsync(source: source);
        await store.AddAsync(TestKeys.Shared(Name));
        foreach (
            Func<Task> change in (Func<Task>[])
                [
                    async () => await store.AdvanceAsync(Name, 1),
                    async () => await store.RestrictAsync(Name, []),
                    async () => await store.RevokeAsync(Name),
                ]
        )
        {
            await using IAsyncDisposable waiting = await server.HoldCommitsAsync();
            Task changing = IsUnknownAsync(change);
            while (!changing.IsCompleted)
            {
                await server.ExecuteAsync(
                    $"""
                    SELECT {how}(pid)
                    FROM pg_stat_activity
                    WHERE application_name = 'given_up'
                        AND wait_event = 'SyncRep'
                    """
                );
                await Task.Delay(50);
            }

            await changing;
        }
    }

    [SkippableFact]
    public async Task No_session_follows_an_advance_whose_outcome_is_unknown()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short);
        await store.AddAsync(TestKeys.Shared(Name));
        InMemoryKeyStore client = new(ChannelRole.Client);
        client.Add(TestKeys.Shared(Name));
        await using (await server.HoldCommitsAsync())
        {
            PipePair pipes = new();
            Task<ISecureChannel> connecting = SecureChannel
                .ConnectAsync(pipes.Client, new SecureChannelClientOptions { Keys = client, ClientId = Name })
                .AsTask();
            var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
                await SecureChannel.AcceptAsync(pipes.Server, new SecureChannelServerOptions { Keys = store })
            );
            Assert.Equal(SecureChannelError.KeyStore, error.Error);
            await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
        }

        await using ChannelPair pair = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Keys = client, ClientId = Name },
            new SecureChannelServerOptions { Keys = store }
        );
        await pair.RoundAsync([1], [2]);
    }

    [SkippableFact]
    public async Task A_connection_that_breaks_between_the_commit_and_its_answer_is_an_unknown_outcome()
    {
        PostgreSqlKeyStore direct = await _stores.OpenAsync();
        await direct.AddAsync(TestKeys.Shared(Name));
        await using TcpProxy proxy = new(server.SocketPath);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(proxy.ConnectionString);
        PostgreSqlKeyStore store = await _stores.OpenAsync(source: source);
        long serial = await store.SerialAsync(Name);
        await using (NpgsqlConnection other = await server.Source.OpenConnectionAsync())
        await using (NpgsqlTransaction held = await other.BeginTransactionAsync())
        {
            await using NpgsqlCommand hold = new(
                $"SELECT FROM {_stores.SchemaOf(ChannelRole.Server)}.keys FOR UPDATE",
                other,
                held
            );
            await hold.ExecuteNonQueryAsync();
            Task advancing = IsUnknownAsync(async () =>
                await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1))
            );
            await Task.Delay(500);
            await proxy.DisposeAsync();
            await advancing;
        }
    }

    [SkippableFact]
    public async Task What_the_server_refuses_is_known_not_to_have_happened()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Options=-c default_transaction_read_only=on"
        );
        PostgreSqlKeyStore reading = await PostgreSqlKeyStore.OpenAsync(
            source,
            ChannelRole.Server,
            new PostgreSqlKeyStoreOptions(Short) { Schema = _stores.SchemaOf(ChannelRole.Server) }
        );
        var error = await Assert.ThrowsAsync<KeyStoreException>(() => reading.AdvanceAsync(Name, 1));
        Assert.False(error.IsOutcomeUnknown, error.Message);
        error = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await ((IKeyStoreProbe)(object)reading).ProbeAsync()
        );
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
        await ((IKeyStoreProbe)(object)store).ProbeAsync();
    }

    [SkippableFact]
    public async Task A_role_that_is_set_to_early_commits_later_is_noticed_by_every_change()
    {
        string role = $"r{Guid.NewGuid():n}";
        string schema = _stores.SchemaOf(ChannelRole.Server);
        await _stores.OpenAsync();
        await server.ExecuteAsync(
            $"""
            CREATE ROLE {role} LOGIN;
            GRANT USAGE ON SCHEMA {schema} TO {role};
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {schema} TO {role};
            GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}
            """
        );
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString.Replace("Username=postgres", $"Username={role}", StringComparison.Ordinal)
        );
        PostgreSqlKeyStore store = await PostgreSqlKeyStore.OpenAsync(
            source,
            ChannelRole.Server,
            new PostgreSqlKeyStoreOptions { Schema = schema }
        );
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        await ((IKeyStoreProbe)(object)store).ProbeAsync();
        await server.ExecuteAsync($"ALTER ROLE {role} SET synchronous_commit = off");

        // New connections have the new setting.
        source.Clear();
        foreach (
            Func<Task> change in (Func<Task>[])
                [
                    async () => await store.AdvanceAsync(Name, 2),
                    async () => await store.AdvanceAsync(Name, 1),
                    async () => await store.AddAsync(TestKeys.Shared("device 2")),
                    async () => await store.RotateAsync(TestKeys.Shared(Name, 1)),
                    async () => await store.RestrictAsync(Name, [CipherSuiteId.Aes256Gcm]),
                    async () => await store.RevokeAsync(Name),
                    async () => await ((IKeyStoreProbe)(object)store).ProbeAsync(),
                ]
        )
        {
            var error = await Assert.ThrowsAsync<KeyStoreException>(change);
            Assert.Contains("synchronous_commit", error.Message, StringComparison.Ordinal);
            Assert.False(error.IsOutcomeUnknown);
        }

        Assert.Equal(1, await store.EpochAsync(Name));
        Assert.Single(await store.ListAsync(default, 10));
        await server.ExecuteAsync($"ALTER ROLE {role} RESET synchronous_commit");
        source.Clear();
        await store.AdvanceAsync(Name, 2);
    }

    private static async Task IsUnknownAsync(Func<Task> change)
    {
        var error = await Assert.ThrowsAsync<KeyStoreException>(change);
        Assert.True(error.IsOutcomeUnknown, error.Message);
    }
}
