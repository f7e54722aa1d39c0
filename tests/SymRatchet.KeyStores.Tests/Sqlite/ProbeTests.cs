using System.Diagnostics;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>A probe says what the next handshake would meet.</summary>
public sealed class ProbeTests
{
    [Fact]
    public async Task A_lock_that_is_held_elsewhere_is_found_in_time()
    {
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open(
            options: new SqliteKeyStoreOptions { BusyTimeout = TimeSpan.FromSeconds(1) }
        );
        IKeyStoreProbe probe = Assert.IsAssignableFrom<IKeyStoreProbe>(store);
        await probe.ProbeAsync();
        using OutsideConnection other = new(folder.FileOf(ChannelRole.Server));
        other.BeginWriting();
        long started = Stopwatch.GetTimestamp();
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () => await probe.ProbeAsync());
        Assert.Contains("another process", error.Message, StringComparison.Ordinal);
        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
        Assert.Null(await store.FindAsync("reads go on"));
        other.End();
        await probe.ProbeAsync();
    }

    [SkippableFact]
    public async Task A_full_disk_is_found()
    {
        using SmallDisk disk = SmallDisk.Mount(kilobytes: 256);
        await using SqliteKeyStore store = SqliteKeyStore.Open(disk.PathOf("server.keys"), ChannelRole.Server);
        IKeyStoreProbe probe = Assert.IsAssignableFrom<IKeyStoreProbe>(store);
        await probe.ProbeAsync();
        await store.DisposeAsync();
        await using SqliteKeyStore reopened = SqliteKeyStore.Open(disk.PathOf("server.keys"), ChannelRole.Server);
        probe = Assert.IsAssignableFrom<IKeyStoreProbe>(reopened);
        disk.Fill();
        var error = await Assert.ThrowsAsync<KeyStoreException>(async () => await probe.ProbeAsync());
        Assert.Contains("disk is full", error.Message, StringComparison.Ordinal);
        disk.MakeRoom();
        await probe.ProbeAsync();
    }
}
