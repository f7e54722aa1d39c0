using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>The store file in all the states in which it cannot serve.</summary>
public sealed class StoreFileTests
{
    private const string Name = "device 1";

    [Fact]
    public async Task What_is_no_key_store_is_refused_and_left_as_it_is()
    {
        await using StoreFolder folder = new();
        string path = folder.FileOf(ChannelRole.Server);
        await folder.Open().DisposeAsync();
        foreach (
            byte[] content in (byte[][])
                [
                    [
                        .. "this is a letter to somebody, and quite a long one at that, "u8,
                        .. "of more than a hundred bytes; it is not a database, believe it."u8,
                    ],
                    new byte[8192],
                ]
        )
        {
            await File.WriteAllBytesAsync(path, content);
            var error = Assert.Throws<KeyStoreException>(() => folder.Open());
            Assert.Contains(path, error.Message, StringComparison.Ordinal);
            Assert.Equal(content, await File.ReadAllBytesAsync(path));
        }
    }

    [Fact]
    public async Task A_store_of_the_other_role_or_of_no_file_is_refused()
    {
        await using StoreFolder folder = new();
        var missing = Assert.Throws<KeyStoreException>(() =>
            folder.Open(ChannelRole.Server, new SqliteKeyStoreOptions { CreateIfMissing = false })
        );
        Assert.False(missing.IsWrongRole);
        await folder.Open().DisposeAsync();
        var error = Assert.Throws<KeyStoreException>(() =>
            SqliteKeyStore.Open(folder.FileOf(ChannelRole.Server), ChannelRole.Client)
        );
        Assert.Contains("serves the Server", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsWrongRole);
    }

    [SkippableFact]
    public async Task A_file_is_in_use_as_long_as_a_store_on_it_is_open()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Elsewhere no program says so.");
        await using StoreFolder folder = new();
        string path = folder.FileOf(ChannelRole.Server);
        Assert.False(SqliteKeyStore.IsInUse(path));
        SqliteKeyStore store = folder.Open();
        SqliteKeyStore another = folder.Open();
        Assert.True(SqliteKeyStore.IsInUse(path));
        await store.DisposeAsync();
        Assert.True(SqliteKeyStore.IsInUse(path));
        await another.DisposeAsync();
        Assert.False(SqliteKeyStore.IsInUse(path));
    }

    [Fact]
    public async Task A_copy_that_is_not_finished_is_opened_by_those_only_who_ask_for_it()
    {
        await using StoreFolder folder = new();
        await folder.Open().DisposeAsync();
        using (OutsideConnection other = new(folder.FileOf(ChannelRole.Server)))
            other.Run("INSERT INTO store VALUES ('unfinished', 1)");
        var error = Assert.Throws<KeyStoreException>(() => folder.Open());
        Assert.Contains("not finished", error.Message, StringComparison.Ordinal);
        SqliteKeyStore store = folder.Open(options: new SqliteKeyStoreOptions { MayBeUnfinished = true });
        Assert.Empty(await store.ListAsync(default, 10));
    }

    [Fact]
    public async Task A_damaged_store_makes_no_session_and_serves_again_from_its_backup()
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        InMemoryKeyStore client = new(ChannelRole.Client);
        client.Add(TestKeys.Shared(Name));
        await store.AddAsync(TestKeys.Shared(Name));
        await store.DisposeAsync();
        string path = folder.FileOf(ChannelRole.Server);
        byte[] backup = await File.ReadAllBytesAsync(path);
        byte[] damaged = [.. backup];
        new Random(3).NextBytes(damaged.AsSpan(4096));
        await File.WriteAllBytesAsync(path, damaged);

        // The head is whole, so what is damaged is found when it is read.
        var error = await Assert.ThrowsAnyAsync<IOException>(() => ConnectAsync(client, folder));
        Assert.Contains("damaged", error.Message, StringComparison.Ordinal);
        await File.WriteAllBytesAsync(path, backup);
        await ConnectAsync(client, folder);
    }

    [SkippableFact]
    public async Task A_file_that_is_mounted_by_itself_is_refused_and_goes_on_under_its_own_name()
    {
        Skip.IfNot(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "Run as root on Linux to mount a file."
        );
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        await store.AddAsync(TestKeys.Shared("device 1"));
        string file = folder.FileOf(ChannelRole.Server);
        string mounted = Path.Combine(folder.Path, "mounted.keys");
        await File.WriteAllBytesAsync(mounted, []);
        Skip.IfNot(SmallDisk.Run("mount", "--bind", file, mounted), "This machine does not let root mount a file.");
        try
        {
            KeyStoreException refused = Assert.Throws<KeyStoreException>(() =>
                SqliteKeyStore.Open(mounted, ChannelRole.Server)
            );
            Assert.Contains("another name", refused.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(mounted + "-wal"));
            await using SqliteKeyStore second = SqliteKeyStore.Open(file, ChannelRole.Server);
            Assert.True(await second.RevokeAsync("device 1"));
            Assert.Null(await store.FindAsync("device 1"));
        }
        finally
        {
            SmallDisk.Run("umount", "-l", mounted);
        }
    }

    [SkippableFact]
    public async Task A_full_disk_makes_no_session_and_moves_nothing_until_there_is_room()
    {
        using SmallDisk disk = SmallDisk.Mount(kilobytes: 256);
        await using StoreFolder folder = new();
        SqliteKeyStore client = folder.Open(ChannelRole.Client);
        await client.AddAsync(TestKeys.Shared(Name));
        await using (SqliteKeyStore before = SqliteKeyStore.Open(disk.PathOf("server.keys"), ChannelRole.Server))
        {
            await before.AddAsync(TestKeys.Shared(Name));
            await ConnectAsync(client, before);
        }

        // A store that was just opened needs room for a log that is still empty.
        await using SqliteKeyStore store = SqliteKeyStore.Open(disk.PathOf("server.keys"), ChannelRole.Server);
        disk.Fill();
        SecureChannelException error = await RefusedByServerAsync(client, store);
        Assert.Contains("disk is full", error.InnerException!.Message, StringComparison.Ordinal);
        Assert.Equal((2, 1), (await client.EpochAsync(Name), await store.EpochAsync(Name)));

        disk.MakeRoom();
        Assert.Equal(1, await store.EpochAsync(Name));
        disk.Fill();
        error = await RefusedByServerAsync(client, store);
        Assert.Equal(SecureChannelError.KeyStore, error.Error);
        Assert.Contains("disk is full", error.InnerException!.Message, StringComparison.Ordinal);
        Assert.Equal((2, 1), (await client.EpochAsync(Name), await store.EpochAsync(Name)));
        await RefusedByServerAsync(client, store);
        Assert.Equal((2, 1), (await client.EpochAsync(Name), await store.EpochAsync(Name)));

        disk.MakeRoom();
        await ConnectAsync(client, store);
        Assert.Equal((3, 3), (await client.EpochAsync(Name), await store.EpochAsync(Name)));

        // From then on the log is written over in place, and sessions need no more room.
        disk.Fill();
        await ConnectAsync(client, store);
        Assert.Equal((4, 4), (await client.EpochAsync(Name), await store.EpochAsync(Name)));
    }

    [SkippableFact]
    public void A_credential_file_for_which_there_is_no_room_leaves_no_part_behind()
    {
        using SmallDisk disk = SmallDisk.Mount(kilobytes: 64);
        disk.Fill();
        using var key = PreSharedKey.Generate(Name);
        Assert.ThrowsAny<IOException>(() => key.WriteCredentialFile(disk.PathOf("credential")));
        Assert.False(File.Exists(disk.PathOf("credential")));
        disk.MakeRoom();
        key.WriteCredentialFile(disk.PathOf("credential"));
    }

    [Fact]
    public async Task A_call_waits_for_another_process_no_longer_than_it_was_told()
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open(
            options: new SqliteKeyStoreOptions { BusyTimeout = TimeSpan.FromSeconds(1) }
        );
        await store.AddAsync(TestKeys.Shared(Name));
        using (
            Microsoft.Data.Sqlite.SqliteConnection other = new(
                $"Data Source={folder.FileOf(ChannelRole.Server)};Pooling=False"
            )
        )
        {
            other.Open();
            using Microsoft.Data.Sqlite.SqliteTransaction held = other.BeginTransaction(deferred: false);
            var error = await Assert.ThrowsAsync<KeyStoreException>(() => store.AdvanceAsync(Name, 1));
            Assert.Contains("another process", error.Message, StringComparison.Ordinal);
            Assert.Equal(0, await store.EpochAsync(Name));
        }

        await store.AdvanceAsync(Name, 1);
        Assert.Equal(1, await store.EpochAsync(Name));
    }

    private static async Task ConnectAsync(IKeyStore client, StoreFolder folder)
    {
        await using SqliteKeyStore store = SqliteKeyStore.Open(folder.FileOf(ChannelRole.Server), ChannelRole.Server);
        await ConnectAsync(client, store);
    }

    private static async Task ConnectAsync(IKeyStore client, IKeyStore server)
    {
        (Task<ISecureChannel> connecting, Task<ISecureChannel> accepting) = Start(client, server);
        await using ISecureChannel accepted = await accepting;
        await using ISecureChannel connected = await connecting;
        await new ChannelPair(connected, accepted).RoundAsync([1], [2]);
    }

    private static async Task<SecureChannelException> RefusedByServerAsync(IKeyStore client, IKeyStore server)
    {
        (Task<ISecureChannel> connecting, Task<ISecureChannel> accepting) = Start(client, server);
        await Assert.ThrowsAsync<SecureChannelException>(() => connecting);
        return await Assert.ThrowsAsync<SecureChannelException>(() => accepting);
    }

    private static (Task<ISecureChannel> Connecting, Task<ISecureChannel> Accepting) Start(
        IKeyStore client,
        IKeyStore server
    )
    {
        PipePair pipes = new();
        return (
            SecureChannel
                .ConnectAsync(pipes.Client, new SecureChannelClientOptions { Keys = client, ClientId = Name })
                .AsTask(),
            SecureChannel.AcceptAsync(pipes.Server, new SecureChannelServerOptions { Keys = server }).AsTask()
        );
    }
}
