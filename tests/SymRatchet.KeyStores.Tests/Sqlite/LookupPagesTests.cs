using Microsoft.Data.Sqlite;
using SQLitePCL;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>How many pages of the file a lookup reads: what its time would tell of an id.</summary>
public sealed class LookupPagesTests
{
    [Fact]
    public async Task A_lookup_reads_as_many_pages_whoever_is_asked_for()
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        string[] names = [.. Enumerable.Range(0, 300).Select(i => $"device {i:000}")];
        foreach (string name in names)
            await store.AddAsync(TestKeys.Shared(name));
        await store.RevokeAsync(names[100]);
        await store.RotateAsync(TestKeys.Shared(names[200], 1));
        await store.DisposeAsync();
        SqliteConnection connection = StoreConnection.Open(folder.FileOf(ChannelRole.Server), TimeSpan.FromSeconds(5));
        using KeyReader reader = new(connection, ChannelRole.Server);

        // Before the first, after the last, and between two.
        string[] unknown = ["a", "z", "device 1000", "device 200 "];
        string[] known = [names[0], names[299], names[100], names[200]];
        foreach (string id in (string[])[.. unknown, .. known])
            PagesOf(id); // fills the cache
        int expected = PagesOf(names[201]);
        Assert.All((string[])[.. unknown, .. known], id => Assert.Equal((id, expected), (id, PagesOf(id))));

        int PagesOf(string id)
        {
            int before = Hits();
            byte[] decoy = TestKeys.Root("decoy", 0);
            using (SealedKeys found = reader.Find(ClientId.FromUtf8(id), new WrappedKey(decoy, decoy)))
                Assert.Equal(!names.Contains(id) || id == names[100], found.IsDecoy);
            return Hits() - before;
        }

        int Hits()
        {
            const int kind = raw.SQLITE_DBSTATUS_CACHE_HIT;
            Assert.Equal(
                raw.SQLITE_OK,
                raw.sqlite3_db_status(connection.Handle, kind, out int hits, out _, resetFlg: 0)
            );
            return hits;
        }
    }

    [Fact]
    public async Task An_empty_store_knows_nobody()
    {
        await using StoreFolder folder = new();
        Assert.Null(await folder.Open().FindAsync("device 1"));
    }
}
