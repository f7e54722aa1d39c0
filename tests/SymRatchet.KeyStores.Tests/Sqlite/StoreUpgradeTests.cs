using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>Stores of earlier versions are upgraded when they are opened.</summary>
public sealed class StoreUpgradeTests
{
    private const string Name = "device 1";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

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
