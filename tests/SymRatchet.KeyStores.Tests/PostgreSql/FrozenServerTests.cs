using System.Diagnostics;
using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Wrapping;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// A server, a process of it, or the network to it that stops answering: every call ends, and all is well afterwards.
/// </summary>
[Collection(PostgresServer.CollectionName)]
public sealed class FrozenServerTests(PostgresServer server)
{
    private const string Name = "device 1";

    /// <summary>What a call may take beyond its limit, on a machine that has other work.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1.5);

    private static readonly PostgreSqlKeyStoreOptions Short = new() { Timeout = TimeSpan.FromSeconds(2) };

    private readonly PostgresStores _stores = new(server);

    [SkippableFact]
    public async Task A_call_to_a_frozen_backend_ends_in_time_and_the_pool_recovers()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Maximum Pool Size=1;Application Name=frozen"
        );
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short, source: source);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        await using (await PostgresServer.FreezeAsync(await BackendOf("frozen")))
        {
            KeyStoreException error = await EndsInTimeAsync(async () =>
                await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1))
            );
            Assert.True(error.IsOutcomeUnknown, error.Message);
            Assert.False((await EndsInTimeAsync(async () => await store.FindAsync(Name))).IsOutcomeUnknown);
        }

        await RecoversAsync(store);
    }

    [SkippableFact]
    public async Task Calls_to_a_frozen_server_end_in_time_and_the_pool_recovers()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(server.ConnectionString + ";Maximum Pool Size=5");
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short, source: source);
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        await using (await server.FreezeAllAsync())
        {
            // More calls than there are connections: some wait for an answer, some for a new connection, some for a
            // free one.
            await Task.WhenAll(
                Enumerable
                    .Range(1, 20)
                    .Select(i =>
                        Task.Run(() =>
                            EndsInTimeAsync(async () =>
                                await store.AdvanceAsync(Name, serial, i, TestKeys.Root(Name, i))
                            )
                        )
                    )
            );
        }

        await RecoversAsync(store);
    }

    [SkippableFact]
    public async Task Calls_into_a_black_hole_end_in_time_and_the_pool_recovers()
    {
        PostgreSqlKeyStore direct = await _stores.OpenAsync();
        await direct.AddAsync(TestKeys.Shared(Name));
        await using TcpProxy proxy = new(server.SocketPath);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            proxy.ConnectionString + ";Maximum Pool Size=3;Timeout=3"
        );
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short, source: source);
        long serial = await store.SerialAsync(Name);
        proxy.IsBlackHole = true;
        await Task.WhenAll(
            Enumerable
                .Range(1, 10)
                .Select(i =>
                    Task.Run(() =>
                        EndsInTimeAsync(async () => await store.AdvanceAsync(Name, serial, i, TestKeys.Root(Name, i)))
                    )
                )
        );
        await EndsInTimeAsync(async () => await store.ListAsync(default, 1));
        await EndsInTimeAsync(async () =>
            await PostgreSqlKeyStore.OpenAsync(
                source,
                ChannelRole.Server,
                new PostgreSqlKeyStoreOptions(Short) { Schema = _stores.SchemaOf(ChannelRole.Server) }
            )
        );
        proxy.IsBlackHole = false;
        await RecoversAsync(store);
    }

    [SkippableFact]
    public async Task Every_call_has_its_limit()
    {
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Maximum Pool Size=12;Application Name=limited"
        );
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short, source: source);
        await store.AddAsync(TestKeys.Shared(Name));
        ClientId id = Name;
        await using IAsyncDisposable frozen = await server.FreezeAllAsync();
        Func<Task>[] calls =
        [
            async () => await store.FindAsync(id),
            async () => await store.AdvanceAsync(id, 1, 1, TestKeys.Root(Name, 1)),
            async () => await store.AddAsync(TestKeys.Shared("device 2")),
            async () => await store.RotateAsync(TestKeys.Shared(Name, 1)),
            async () => await store.RevokeAsync(id),
            async () => await store.RestrictAsync(id, []),
            async () => await store.DescribeAsync(id),
            async () => await store.ListAsync(default, 1),
            async () => await store.RewrapAsync(),
            async () => await ((IKeyStoreProbe)(object)store).ProbeAsync(),
            async () =>
                await PostgreSqlKeyStore.CreateAsync(
                    source,
                    ChannelRole.Server,
                    new PostgreSqlKeyStoreOptions(Short) { Schema = _stores.SchemaOf(ChannelRole.Server) }
                ),
        ];
        await Task.WhenAll(calls.Select(call => Task.Run(() => EndsInTimeAsync(call))));
    }

    [SkippableFact]
    public async Task A_cancelled_call_ends_at_once_and_does_not_hold_up_who_cancels()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        await using IAsyncDisposable frozen = await server.FreezeAllAsync();
        using CancellationTokenSource cancelling = new();
        Task advancing = store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1), cancelling.Token).AsTask();
        await Task.Delay(200);
        TimeSpan started = FairTime.Now;
        cancelling.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => advancing);
        Assert.InRange(FairTime.Now - started, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [SkippableFact]
    public async Task A_wrapper_that_never_comes_back_does_not_hold_up_a_call()
    {
        using ManualResetEventSlim gate = new();
        PostgreSqlKeyStore store = await _stores.OpenAsync(options: Short);
        await store.AddAsync(TestKeys.Shared(Name));
        PostgreSqlKeyStore stuck = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions(Short)
            {
                Wrapper = new StuckWrapper(gate),
                WrapperTimeout = Short.Timeout,
            }
        );
        KeyStoreException error = await EndsInTimeAsync(async () =>
            await stuck.AdvanceAsync(Name, 1, 1, TestKeys.Root(Name, 1))
        );
        Assert.False(error.IsOutcomeUnknown);
        Assert.False(
            (await EndsInTimeAsync(async () => await stuck.AddAsync(TestKeys.Shared("device 2")))).IsOutcomeUnknown
        );
        gate.Set();

        // What was said not to have happened does not happen later.
        await Task.Delay(500);
        Assert.Equal(0, await store.EpochAsync(Name));
        Assert.Null(await store.DescribeAsync("device 2"));
    }

    [SkippableFact]
    public async Task A_hung_listener_does_not_delay_revocations_and_is_replaced()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Application Name=watching"
        );
        PostgreSqlKeyStore watched = await _stores.OpenAsync(source: source);
        foreach (string name in (string[])["a", "b", "c"])
            await store.AddAsync(TestKeys.Shared(name));
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        await using IAsyncEnumerator<ClientId> watch = watched
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        await RevokeAndHearAsync(store, watch, "a");
        int listener = await StartedListenerAsync();
        await using (await PostgresServer.FreezeAsync(listener))
        {
            Assert.InRange(await RevokeAndHearAsync(store, watch, "b"), TimeSpan.Zero, TimeSpan.FromSeconds(2.5));
            long started = Stopwatch.GetTimestamp();
            while (await ListenerAsync(except: listener) == 0)
            {
                Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(5));
                await Task.Delay(50);
            }

            Assert.InRange(await RevokeAndHearAsync(store, watch, "c"), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }
    }

    [SkippableFact]
    public async Task An_announcement_beside_a_keepalive_is_heard_at_once()
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Application Name=watching"
        );
        PostgreSqlKeyStore watched = await _stores.OpenAsync(source: source);
        foreach (string name in (string[])["a", "b"])
            await store.AddAsync(TestKeys.Shared(name));
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        await using IAsyncEnumerator<ClientId> watch = watched
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        await RevokeAndHearAsync(store, watch, "a");
        int listener = await StartedListenerAsync();
        Task<bool> next;
        await using (await PostgresServer.FreezeAsync(listener))
        {
            // The keepalive is sent a second after the last sign of life, and the listener is replaced after two.
            await Task.Delay(TimeSpan.FromSeconds(1.2));
            next = watch.MoveNextAsync().AsTask();
            while (await SinceLookAsync(listener) > 50)
                await Task.Delay(5);
            await store.RevokeAsync("b");
        }

        // The next look by itself comes a second after the last.
        TimeSpan thawed = FairTime.Now;
        Assert.True(await next);
        Assert.InRange(FairTime.Now - thawed, TimeSpan.Zero, TimeSpan.FromSeconds(0.6));
    }

    /// <summary>Milliseconds since the watch has looked.</summary>
    private Task<int> SinceLookAsync(int listener) =>
        server.ValueAsync<int>(
            $"""
            SELECT coalesce(min(extract(epoch FROM clock_timestamp() - state_change) * 1000), 9999)::integer
            FROM pg_stat_activity
            WHERE application_name = 'watching' AND pid <> {listener} AND query LIKE '%revocation >%'
            """
        );

    private static async Task<TimeSpan> RevokeAndHearAsync(
        PostgreSqlKeyStore store,
        IAsyncEnumerator<ClientId> watch,
        string name
    )
    {
        Task<bool> next = watch.MoveNextAsync().AsTask();
        await store.RevokeAsync(name);
        TimeSpan revoked = FairTime.Now;
        Assert.True(await next);
        Assert.Equal<ClientId>(name, watch.Current);
        return FairTime.Now - revoked;
    }

    private Task<int> BackendOf(string application) =>
        server.ValueAsync<int>($"SELECT pid FROM pg_stat_activity WHERE application_name = '{application}'");

    /// <summary>The process that listens; it does nothing between LISTEN and its keepalives.</summary>
    private Task<int> ListenerAsync(int except = 0) =>
        server.ValueAsync<int>(
            $"""
            SELECT coalesce(max(pid), 0)
            FROM pg_stat_activity
            WHERE application_name = 'watching' AND pid <> {except} AND (query LIKE 'LISTEN%' OR query LIKE 'SELECT 1%')
            """
        );

    /// <summary>A first revocation may be heard by a look before anybody listens.</summary>
    private async Task<int> StartedListenerAsync()
    {
        int listener;
        while ((listener = await ListenerAsync()) == 0)
            await Task.Delay(20);
        return listener;
    }

    private static async Task<KeyStoreException> EndsInTimeAsync(Func<Task> call)
    {
        TimeSpan started = FairTime.Now;
        KeyStoreException error = await Assert.ThrowsAsync<KeyStoreException>(call).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(FairTime.Now - started, TimeSpan.Zero, Short.Timeout + Slack);
        return error;
    }

    private static async Task RecoversAsync(PostgreSqlKeyStore store)
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await store.AdvanceAsync(Name, 1000);
                Assert.Equal(1000, await store.EpochAsync(Name));
                return;
            }
            catch (KeyStoreException) when (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30)) { }
        }
    }

    private sealed class StuckWrapper(ManualResetEventSlim gate) : SyncWrapper
    {
        protected override byte[] Wrap(ReadOnlySpan<byte> key, KeyWrapContext context)
        {
            gate.Wait();
            return key.ToArray();
        }
    }
}
