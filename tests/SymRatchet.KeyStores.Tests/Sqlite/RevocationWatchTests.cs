using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>A watch, the time of day, and a restore in place.</summary>
public sealed class RevocationWatchTests
{
    private const string Name = "device 1";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(-5)]
    [InlineData(-60 * 24 * 365)]
    [InlineData(60 * 24 * 365)]
    public async Task A_clock_that_is_stepped_silences_no_watch(int minutes)
    {
        await using StoreFolder folder = new();
        SteppedClock clock = new();
        SqliteKeyStore store = folder.Open(options: new SqliteKeyStoreOptions { TimeProvider = clock });
        SqliteKeyStore elsewhere = folder.Open(options: new SqliteKeyStoreOptions { TimeProvider = clock });
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared("device 2"));
        await using IAsyncEnumerator<ClientId> watch = store.WatchRevocationsAsync().GetAsyncEnumerator();
        foreach (string name in (string[])[Name, "device 2"])
        {
            Task<bool> next = watch.MoveNextAsync().AsTask();
            clock.WallStep += TimeSpan.FromMinutes(minutes);
            await elsewhere.RevokeAsync(name);
            Assert.True(await next.WaitAsync(Timeout));
            Assert.Equal<ClientId>(name, watch.Current);
        }
    }

    [Fact]
    public async Task After_more_ended_watches_than_are_remembered_the_next_one_begins_at_the_beginning()
    {
        const int watches = 20;
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        List<IAsyncEnumerator<ClientId>> ended = [];
        for (int i = 0; i < watches; i++)
        {
            await store.AddAsync(TestKeys.Shared($"device {i}"));
            ended.Add(store.WatchRevocationsAsync().GetAsyncEnumerator());
        }

        Task<bool>[] first = [.. ended.Select(watch => watch.MoveNextAsync().AsTask())];
        for (int i = 0; i < watches; i++)
            await store.RevokeAsync($"device {i}");
        for (int i = 0; i < watches; i++)
        {
            Assert.True(await first[i].WaitAsync(Timeout));
            for (int more = 0; more < i; more++)
                Assert.True(await ended[i].MoveNextAsync().AsTask().WaitAsync(Timeout));
            await ended[i].DisposeAsync();
        }

        await using IAsyncEnumerator<ClientId> next = store.WatchRevocationsAsync().GetAsyncEnumerator();
        for (int i = 0; i < watches; i++)
        {
            Assert.True(await next.MoveNextAsync().AsTask().WaitAsync(Timeout));
            Assert.Equal<ClientId>($"device {i}", next.Current);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_restore_in_place_silences_no_watch(int revokedAfterIt)
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        foreach (string name in (string[])["old 1", "old 2", "new 1", "new 2", "new 3"])
            await store.AddAsync(TestKeys.Shared(name));
        string path = folder.FileOf(ChannelRole.Server);
        OutsideConnection.Copy(path, path + ".backup");
        await using IAsyncEnumerator<ClientId> watch = store.WatchRevocationsAsync().GetAsyncEnumerator();
        foreach (string name in (string[])["old 1", "old 2"])
        {
            await store.RevokeAsync(name);
            Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Timeout));
        }

        OutsideConnection.Copy(path + ".backup", path);
        for (int i = 1; i <= revokedAfterIt; i++)
            Assert.True(await store.RevokeAsync($"new {i}"));
        for (int i = 1; i <= revokedAfterIt; i++)
        {
            Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Timeout));
            Assert.Equal<ClientId>($"new {i}", watch.Current);
        }
    }
}
