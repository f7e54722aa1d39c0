using Npgsql;
using SymRatchet.KeyStores.PostgreSql;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.PostgreSql;

/// <summary>More calls at once than the pool has connections, as a flood of hellos makes them.</summary>
[Collection(PostgresServer.CollectionName)]
public sealed class CrowdTests(PostgresServer server)
{
    private const int Crowd = 8000;

    private readonly PostgresStores _stores = new(server);

    [SkippableFact]
    public async Task A_crowd_of_lookups_does_not_hold_up_revocations()
    {
        PostgreSqlKeyStore elsewhere = await _stores.OpenAsync();
        string[] names = [.. Enumerable.Range(0, 5).Select(i => $"device {i}")];
        foreach (string name in names)
            await elsewhere.AddAsync(TestKeys.Shared(name));
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(server.ConnectionString + ";Maximum Pool Size=8");
        PostgreSqlKeyStore crowded = await _stores.OpenAsync(source: source);
        using CancellationTokenSource ending = new();
        await using IAsyncEnumerator<ClientId> watch = crowded
            .WatchRevocationsAsync(ending.Token)
            .GetAsyncEnumerator(ending.Token);
        Task<bool> next = watch.MoveNextAsync().AsTask();
        Task[] crowd = [.. Enumerable.Range(0, Crowd).Select(_ => LookUpAsync(crowded, ending.Token))];
        await Task.Delay(TimeSpan.FromSeconds(1));
        foreach (string name in names)
        {
            await elsewhere.RevokeAsync(name);
            TimeSpan revoked = FairTime.Now;
            Assert.True(await next);
            Assert.InRange(FairTime.Now - revoked, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            Assert.Equal<ClientId>(name, watch.Current);
            next = watch.MoveNextAsync().AsTask();
        }

        await ending.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        await Task.WhenAll(crowd);
    }

    [SkippableFact]
    public async Task Calls_that_were_given_up_leave_the_reserve_to_the_watch()
    {
        PostgreSqlKeyStore elsewhere = await _stores.OpenAsync();
        foreach (string name in (string[])["device", "held"])
            await elsewhere.AddAsync(TestKeys.Shared(name));
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(server.ConnectionString + ";Maximum Pool Size=4");
        PostgreSqlKeyStore crowded = await _stores.OpenAsync(
            options: new PostgreSqlKeyStoreOptions { Timeout = TimeSpan.FromSeconds(1) },
            source: source
        );
        long serial = await elsewhere.SerialAsync("held");
        await using (NpgsqlConnection other = await server.Source.OpenConnectionAsync())
        {
            await using NpgsqlCommand hold = new(
                $"BEGIN; SELECT FROM {_stores.SchemaOf(ChannelRole.Server)}.keys WHERE id = 'held' FOR UPDATE",
                other
            );
            await hold.ExecuteNonQueryAsync();
            foreach (int _ in Enumerable.Range(0, 3))
                await Task.WhenAll(
                    Enumerable
                        .Range(0, 2)
                        .Select(_ =>
                            Assert.ThrowsAsync<KeyStoreException>(async () =>
                                await crowded.AdvanceAsync("held", serial, 1, TestKeys.Root("held", 1))
                            )
                        )
                );
            using CancellationTokenSource ending = new();
            await using IAsyncEnumerator<ClientId> watch = crowded
                .WatchRevocationsAsync(ending.Token)
                .GetAsyncEnumerator(ending.Token);
            Task<bool> next = watch.MoveNextAsync().AsTask();
            await elsewhere.RevokeAsync("device");
            Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(3)));
        }

        // Once they have come back, the slots are free again.
        Assert.Null(await crowded.FindAsync("device"));
    }

    private static async Task LookUpAsync(PostgreSqlKeyStore store, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                using StoredKey? key = await store.FindAsync("nobody", cancellationToken);
            }
            catch (Exception e) when (e is KeyStoreException or OperationCanceledException)
            {
                // Some of the crowd are too late.
            }
        }
    }
}
