using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>A watch and the time of day, and stores whose revocations have no numbers yet.</summary>
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
    public async Task A_store_of_version_1_goes_on_with_its_keys_and_its_revocations_get_numbers()
    {
        await using StoreFolder folder = new();
        MakeVersion1(folder.FileOf(ChannelRole.Server));
        SqliteKeyStore store = folder.Open();
        using OutsideConnection other = new(folder.FileOf(ChannelRole.Server));
        Assert.Equal(3, other.Number("PRAGMA user_version"));
        Assert.Empty(await store.CheckAsync());
        Assert.Equal(3, (await store.ListAsync(default, 10)).Count);
        Assert.Equal(4, await store.EpochAsync(Name));
        await store.AdvanceAsync(Name, 5);
        Assert.NotNull((await store.DescribeAsync("device 3"))!.Revoked);
        await using IAsyncEnumerator<ClientId> watch = store.WatchRevocationsAsync().GetAsyncEnumerator();

        // A process of version 1 that still has the file open revokes in its own way.
        other.Run(
            "UPDATE keys SET identity_key = NULL, epoch_key = NULL, revoked = 1 WHERE id = CAST('device 2' AS BLOB)"
        );
        Assert.True(await watch.MoveNextAsync().AsTask().WaitAsync(Timeout));
        Assert.Equal<ClientId>("device 2", watch.Current);
        await store.DisposeAsync();
        await folder.Open().DisposeAsync();
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

    private static void MakeVersion1(string path)
    {
        using (FileStream file = new(path, FileMode.CreateNew))
        {
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        using OutsideConnection old = new(path);
        old.Run(
            $"""
            PRAGMA journal_mode = WAL;
            CREATE TABLE store (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT;
            CREATE TABLE keys (
                id BLOB NOT NULL UNIQUE, protocol INTEGER NOT NULL, evolution INTEGER NOT NULL,
                suites INTEGER NOT NULL, serial INTEGER NOT NULL,
                identity_key BLOB, epoch INTEGER NOT NULL, epoch_key BLOB,
                next_serial INTEGER, next_identity_key BLOB, next_epoch_key BLOB,
                added INTEGER NOT NULL, last_seen INTEGER, revoked INTEGER
            ) STRICT;
            CREATE INDEX keys_revoked ON keys (revoked) WHERE revoked IS NOT NULL;
            INSERT INTO store VALUES ('role', {(int)ChannelRole.Server}), ('serial', 3);
            INSERT INTO keys VALUES
                (CAST('device 1' AS BLOB), 1, 1, 0, 1, randomblob(32), 4, randomblob(32), NULL, NULL, NULL, 1, 2, NULL),
                (CAST('device 2' AS BLOB), 1, 1, 0, 2, randomblob(32), 0, randomblob(32), NULL, NULL, NULL, 1,
                    NULL, NULL),
                (CAST('device 3' AS BLOB), 1, 1, 0, 3, NULL, 0, NULL, NULL, NULL, NULL, 1, NULL, 5);
            PRAGMA application_id = {0x53796D52};
            PRAGMA user_version = 1;
            """
        );
    }
}
