using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>
/// Revocations are counted by the store, not by a clock: each is told, in the order of their commits, at a cost that is
/// linear.
/// </summary>
[Collection(PostgresServer.CollectionName)]
public sealed class RevocationOrderTests(PostgresServer server)
{
    private readonly PostgresStores _stores = new(server);

    private string Schema => _stores.SchemaOf(ChannelRole.Server);

    [SkippableTheory]
    [InlineData(-300_000)]
    [InlineData(-31_536_000_000)]
    [InlineData(31_536_000_000)]
    public async Task A_clock_that_was_stepped_has_no_effect(long milliseconds)
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b", "c");
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = (await _stores.OpenAsync())
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        await store.RevokeAsync("a");
        Assert.Equal("a", await NextAsync(watch));
        await server.ExecuteAsync(
            $"""
            CREATE FUNCTION {Schema}.step() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN NEW.revoked = NEW.revoked + {milliseconds}; RETURN NEW; END $$;
            CREATE TRIGGER step BEFORE UPDATE ON {Schema}.keys FOR EACH ROW EXECUTE FUNCTION {Schema}.step()
            """
        );
        await store.RevokeAsync("b");
        Assert.Equal("b", await NextAsync(watch));
        await server.ExecuteAsync($"DROP TRIGGER step ON {Schema}.keys");
        await store.RevokeAsync("c");
        Assert.Equal("c", await NextAsync(watch));
    }

    [SkippableFact]
    public async Task A_revocation_that_waits_holds_up_no_other_and_is_not_missed()
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b");
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = store
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        Task<bool> revoking;
        await using (NpgsqlConnection other = await server.Source.OpenConnectionAsync())
        await using (NpgsqlTransaction held = await other.BeginTransactionAsync())
        {
            await using NpgsqlCommand hold = new($"SELECT FROM {Schema}.keys WHERE id = 'a' FOR UPDATE", other, held);
            await hold.ExecuteNonQueryAsync();
            revoking = store.RevokeAsync("a").AsTask();
            await Task.Delay(300);
            Assert.True(await store.RevokeAsync("b"));
            Assert.Equal("b", await NextAsync(watch));
            Assert.False(revoking.IsCompleted);
        }

        Assert.True(await revoking);
        Assert.Equal("a", await NextAsync(watch));
    }

    [SkippableTheory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_process_that_stops_in_the_middle_of_a_revocation_holds_up_no_other(int answers)
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b", "c");
        await using TcpProxy proxy = new(server.SocketPath);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(proxy.ConnectionString + ";Timeout=2");
        PostgreSqlKeyStore stopping = await _stores.OpenAsync(source: source);

        // Its statements are prepared by then.
        await stopping.RevokeAsync("a");
        proxy.AnswersLeft = answers;
        ValueTask<bool> stopped = stopping.RevokeAsync("b");
        await Task.Delay(300);
        TimeSpan started = FairTime.Now;
        Assert.True(await store.RevokeAsync("c"));
        Assert.InRange(FairTime.Now - started, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await Record.ExceptionAsync(async () => await stopped);
    }

    [SkippableFact]
    public async Task Many_revocations_at_once_are_told_once_each_while_others_commit()
    {
        string[] names = [.. Enumerable.Range(0, 200).Select(i => $"device {i}")];
        PostgreSqlKeyStore store = await OpenAsync(names);
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        await using IAsyncEnumerator<ClientId> watch = (await _stores.OpenAsync())
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        Task revoking = Parallel.ForEachAsync(
            names,
            timeout.Token,
            async (name, token) => Assert.True(await store.RevokeAsync(name, token))
        );
        List<string> told = [];
        while (told.Count < names.Length)
            told.Add(await NextAsync(watch));
        await revoking;
        Assert.Equal(names.Order(), told.Order());
    }

    [SkippableFact]
    public async Task The_rows_that_a_watch_reads_grow_with_the_revocations_and_not_with_their_square()
    {
        const int Count = 400;
        string[] names = [.. Enumerable.Range(0, Count).Select(i => $"device {i}")];
        PostgreSqlKeyStore store = await OpenAsync(names);

        // With the planner held to its indexes the server counts exactly what was asked for.
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(
            server.ConnectionString + ";Options=-c enable_seqscan=off"
        );
        PostgreSqlKeyStore watched = await _stores.OpenAsync(source: source);
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        await using IAsyncEnumerator<ClientId> watch = watched
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        long before = await RowsReadAsync();
        foreach (string name in names)
        {
            await store.RevokeAsync(name);
            Assert.Equal(name, await NextAsync(watch));
        }

        await watch.DisposeAsync();
        await Task.Delay(1500);
        long read = await RowsReadAsync() - before;
        Assert.True(read < Count * 20, $"{read} rows were read for {Count} revocations");
    }

    [SkippableFact]
    public async Task A_watch_fails_at_the_first_failure_and_the_next_one_goes_on_where_it_ended()
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b", "c", "d");
        await using TcpProxy proxy = new(server.SocketPath);
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(proxy.ConnectionString + ";Timeout=2");
        PostgreSqlKeyStore watched = await _stores.OpenAsync(source: source);
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(60));
        await store.RevokeAsync("a");
        await using (
            IAsyncEnumerator<ClientId> watch = watched
                .WatchRevocationsAsync(timeout.Token)
                .GetAsyncEnumerator(timeout.Token)
        )
        {
            Assert.Equal("a", await NextAsync(watch));
            Task<bool> failing = watch.MoveNextAsync().AsTask();
            proxy.IsBlackHole = true;
            TimeSpan started = FairTime.Now;
            await Assert.ThrowsAsync<KeyStoreException>(() => failing);
            Assert.InRange(FairTime.Now - started, TimeSpan.Zero, TimeSpan.FromSeconds(4));
        }

        // While the database is away each further watch says so again.
        await store.RevokeAsync("b");
        await using (
            IAsyncEnumerator<ClientId> watch = watched
                .WatchRevocationsAsync(timeout.Token)
                .GetAsyncEnumerator(timeout.Token)
        )
            await Assert.ThrowsAsync<KeyStoreException>(async () => await watch.MoveNextAsync());
        await store.RevokeAsync("c");
        await store.RotateAsync(TestKeys.Shared("c", 1));
        proxy.IsBlackHole = false;
        Assert.Equal(["b", "c"], await TakeAsync(watched, 2, timeout.Token));
        await store.RevokeAsync("d");
        Assert.Equal(["d"], await TakeAsync(watched, 1, timeout.Token));
    }

    [SkippableFact]
    public async Task Watches_side_by_side_each_hear_everything_though_one_of_them_ends()
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b");
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> one = store
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        IAsyncEnumerator<ClientId> two = store.WatchRevocationsAsync(timeout.Token).GetAsyncEnumerator(timeout.Token);
        await store.RevokeAsync("a");
        Assert.Equal(("a", "a"), (await NextAsync(one), await NextAsync(two)));
        await two.DisposeAsync();
        await store.RevokeAsync("b");
        Assert.Equal("b", await NextAsync(one));
        Assert.Contains("b", await TakeAsync(store, 2, timeout.Token));
    }

    [SkippableFact]
    public async Task A_database_that_was_restored_from_a_backup_is_watched_from_its_start()
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b", "c");
        await server.ExecuteAsync($"CREATE TABLE {Schema}.backup AS SELECT * FROM {Schema}.keys");
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await using IAsyncEnumerator<ClientId> watch = store
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        foreach (string name in (string[])["a", "b"])
        {
            await store.RevokeAsync(name);
            Assert.Equal(name, await NextAsync(watch));
        }

        await server.ExecuteAsync(
            $"""
            BEGIN;
            TRUNCATE {Schema}.keys;
            INSERT INTO {Schema}.keys SELECT * FROM {Schema}.backup;
            UPDATE {Schema}.store SET revocations = 0;
            COMMIT
            """
        );
        await store.RevokeAsync("c");
        Assert.Equal("c", await NextAsync(watch));
    }

    /// <summary>A restore, or a standby that lacks the last commits, hands numbers out again.</summary>
    [SkippableTheory]
    [InlineData("a running watch")]
    [InlineData("a watch that follows another")]
    [InlineData("the first watch of a store")]
    public async Task A_number_that_is_handed_out_again_hides_no_revocation(string which)
    {
        PostgreSqlKeyStore store = await OpenAsync("a", "b", "c");
        await store.RevokeAsync("a");
        PostgreSqlKeyStore watched = await _stores.OpenAsync();
        await server.ExecuteAsync(
            $"""
            CREATE TABLE {Schema}.keys_before AS SELECT * FROM {Schema}.keys;
            CREATE TABLE {Schema}.store_before AS SELECT * FROM {Schema}.store
            """
        );
        using CancellationTokenSource timeout = new(TimeSpan.FromSeconds(20));
        await store.RevokeAsync("b");
        if (which == "the first watch of a store")
            watched = await _stores.OpenAsync();
        if (which == "a watch that follows another")
            Assert.Equal(["b"], await TakeAsync(watched, 1, timeout.Token));
        await using IAsyncEnumerator<ClientId> watch = watched
            .WatchRevocationsAsync(timeout.Token)
            .GetAsyncEnumerator(timeout.Token);
        if (which == "a running watch")
            Assert.Equal("b", await NextAsync(watch));

        // The watch does not look between the restore and the revocation that takes b's number.
        await server.ExecuteAsync(
            $"""
            BEGIN;
            TRUNCATE {Schema}.keys, {Schema}.store;
            INSERT INTO {Schema}.keys SELECT * FROM {Schema}.keys_before;
            INSERT INTO {Schema}.store SELECT * FROM {Schema}.store_before;
            UPDATE {Schema}.store SET revocations = revocations + 1;
            UPDATE {Schema}.keys
            SET identity_key = NULL, epoch_key = NULL, revoked = 1, revocation = store.revocations,
                revocation_tag = gen_random_uuid()
            FROM {Schema}.store
            WHERE id = 'c';
            COMMIT
            """
        );
        List<string> told = [];
        try
        {
            while (!told.Contains("c"))
                told.Add(await NextAsync(watch));
        }
        catch (KeyStoreException)
        {
            // A look of a busy machine may take longer than a look may. Whoever watches takes the watch up again and
            // misses nothing.
            told.AddRange(await TakeAsync(watched, 1, timeout.Token));
            Assert.Contains("c", told);
        }
    }

    private async Task<PostgreSqlKeyStore> OpenAsync(params string[] names)
    {
        PostgreSqlKeyStore store = await _stores.OpenAsync();
        foreach (string name in names)
            await store.AddAsync(TestKeys.Shared(name));
        return store;
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<ClientId> watch)
    {
        Assert.True(await watch.MoveNextAsync());
        return watch.Current.ToString();
    }

    /// <summary>
    /// The first ids that a new watch tells. As a consumer does, it asks for the next one before its token ends it.
    /// </summary>
    private static async Task<string[]> TakeAsync(
        PostgreSqlKeyStore store,
        int count,
        CancellationToken cancellationToken
    )
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        List<string> told = [];
        await using IAsyncEnumerator<ClientId> watch = store
            .WatchRevocationsAsync(ending.Token)
            .GetAsyncEnumerator(ending.Token);
        while (told.Count < count)
            told.Add(await NextAsync(watch));
        ending.CancelAfter(100);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await watch.MoveNextAsync());
        return [.. told];
    }

    /// <summary>The rows that all backends have read; they say so with a delay, or when they are asked to.</summary>
    private async Task<long> RowsReadAsync()
    {
        await server.ExecuteAsync("SELECT pg_stat_clear_snapshot()");
        return await server.ValueAsync<long>(
            $"""
            SELECT seq_tup_read + coalesce(idx_tup_fetch, 0)
            FROM pg_stat_user_tables
            WHERE schemaname = '{Schema}'
                AND relname = 'keys'
            """
        );
    }
}
