using System.Text;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>What one change may do to others, and what its caller may do while it waits.</summary>
public sealed class ChangeTests : IAsyncLifetime
{
    private const string Name = "device 1";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly StoreFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_key_that_its_caller_erases_after_a_cancelled_call_is_stored_as_it_was(bool rotates)
    {
        SqliteKeyStore store = _folder.Open(
            options: new SqliteKeyStoreOptions { BusyTimeout = TimeSpan.FromSeconds(20) }
        );
        const string Old = "client7_master_k";
        const string New = "client7_master_l";
        if (rotates)
            await store.AddAsync(PreSharedKey.ForSeed(7, Encoding.ASCII.GetBytes(Old)));
        using CancellationTokenSource cancel = new();
        StoredKey key = PreSharedKey.ForSeed(7, Encoding.ASCII.GetBytes(New)).ImportFor(ChannelRole.Server);
        using OutsideConnection other = new(_folder.FileOf(ChannelRole.Server));
        other.BeginWriting();
        Task first = store.RevokeAsync("device 2").AsTask(); // the writer waits with it, and the change waits behind it
        Task change = rotates
            ? store.RotateAsync(key, cancel.Token).AsTask()
            : store.AddAsync(key, cancel.Token).AsTask();
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.False(change.IsCompleted);
        other.End();
        await first;
        await cancel.CancelAsync();
        await Task.WhenAny(change);
        key.Dispose();

        await store.AddAsync(TestKeys.Shared(Name)); // behind the change in the queue
        using StoredKey? found = await store.FindAsync("7");
        Assert.Contains(
            found is null ? null : Encoding.ASCII.GetString(found.EpochKey),
            (string?[])[New, rotates ? Old : null]
        );
    }

    [Fact]
    public async Task A_key_of_zeros_is_not_handed_out()
    {
        SqliteKeyStore store = _folder.Open();
        await store.AddAsync(PreSharedKey.ForSeed(7, "client7_master_k"u8));
        using (OutsideConnection other = new(_folder.FileOf(ChannelRole.Server)))
            Assert.Equal(1, other.Run("UPDATE keys SET epoch_key = zeroblob(16)"));
        await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync("7"));
    }

    [Fact]
    public async Task A_key_that_cannot_be_written_leaves_the_one_before_it()
    {
        SqliteKeyStore store = _folder.Open();
        await store.AddAsync(TestKeys.Shared(Name));
        await store.AdvanceAsync(Name, 1);
        using OutsideConnection other = new(_folder.FileOf(ChannelRole.Server));
        other.Run(
            "CREATE TRIGGER damage BEFORE UPDATE OF epoch_key ON keys WHEN OLD.epoch_key = zeroblob(32) BEGIN SELECT "
                + "RAISE(ABORT, 'damaged'); END"
        );
        await Assert.ThrowsAsync<KeyStoreException>(() => store.AdvanceAsync(Name, 2));
        using StoredKey? found = await store.FindAsync(Name);
        Assert.Equal(1, found!.Epoch);
        Assert.Equal(TestKeys.Root(Name, 1), found.EpochKey);
    }

    [Fact]
    public async Task A_row_that_cannot_be_changed_fails_its_own_change_and_no_other_of_the_group()
    {
        SqliteKeyStore store = _folder.Open(
            options: new SqliteKeyStoreOptions { BusyTimeout = TimeSpan.FromSeconds(20) }
        );
        string[] names = [.. Enumerable.Range(0, 50).Select(i => $"device {i}")];
        Dictionary<string, long> serials = [];
        foreach (string name in names)
        {
            await store.AddAsync(TestKeys.Shared(name));
            serials[name] = await store.SerialAsync(name);
        }

        using OutsideConnection other = new(_folder.FileOf(ChannelRole.Server));
        other.Run(
            "CREATE TRIGGER damage BEFORE UPDATE ON keys WHEN OLD.id = CAST('device 25' AS BLOB) BEGIN SELECT "
                + "RAISE(ABORT, 'damaged'); END"
        );

        // While the lock is held elsewhere the first change waits, and all others form the next group.
        other.BeginWriting();
        Task[] advances =
        [
            .. names.Select(name => store.AdvanceAsync(name, serials[name], 1, TestKeys.Root(name, 1)).AsTask()),
        ];
        other.End();
        await Task.WhenAll(advances).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal(["device 25"], names.Where((_, i) => !advances[i].IsCompletedSuccessfully));
        await Assert.ThrowsAsync<KeyStoreException>(() => advances[25]);
        foreach (string name in names)
            Assert.Equal(name == "device 25" ? 0 : 1, await store.EpochAsync(name));
    }

    [Fact]
    public async Task A_damaged_page_fails_the_changes_of_its_rows_only()
    {
        string path = _folder.FileOf(ChannelRole.Server);
        string[] names = [.. Enumerable.Range(0, 200).Select(i => $"device {i}")];
        await using (SqliteKeyStore before = SqliteKeyStore.Open(path, ChannelRole.Server))
        {
            foreach (string name in names)
                await before.AddAsync(TestKeys.Shared(name));
        }

        // A page with rows of the table is a leaf (13).
        byte[] bytes = await File.ReadAllBytesAsync(path);
        int leaf = Enumerable.Range(1, (bytes.Length / 4096) - 1).Last(page => bytes[page * 4096] == 13);
        bytes.AsSpan(leaf * 4096, 4096).Clear();
        await File.WriteAllBytesAsync(path, bytes);

        SqliteKeyStore store = _folder.Open();
        List<string> failures = [];
        await Task.WhenAll(
            names.Select(
                async (name, i) =>
                {
                    try
                    {
                        await store.AdvanceAsync(name, 1 + i, 1, TestKeys.Root(name, 1));
                    }
                    catch (KeyStoreException e)
                    {
                        lock (failures)
                            failures.Add($"{name}: {e.Message}");
                    }
                }
            )
        );
        Assert.True(failures.Count is > 0 and < 60, $"{failures.Count} failed: {string.Join('\n', failures)}");
    }

    [Fact]
    public async Task A_writer_that_hangs_fails_every_change_in_time_and_closing_does_not_wait_for_it()
    {
        using HangingClock clock = new();
        SqliteKeyStore store = _folder.Open(
            options: new SqliteKeyStoreOptions { TimeProvider = clock, BusyTimeout = TimeSpan.FromSeconds(1) }
        );
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        clock.Stop();
        Task hung = store.AddAsync(TestKeys.Shared("device 2")).AsTask();
        await clock.Arrived.Task.WaitAsync(Timeout);
        Task<bool> waiting = store.RevokeAsync("device 3").AsTask();
        Task advancing = Task.Run(async () => await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1)));
        Assert.Equal(0, await store.EpochAsync(Name)); // a lookup waits for no writer
        Assert.True((await Assert.ThrowsAsync<KeyStoreException>(() => hung.WaitAsync(Timeout))).IsOutcomeUnknown);
        Assert.False((await Assert.ThrowsAsync<KeyStoreException>(() => waiting.WaitAsync(Timeout))).IsOutcomeUnknown);
        Assert.False(
            (await Assert.ThrowsAsync<KeyStoreException>(() => advancing.WaitAsync(Timeout))).IsOutcomeUnknown
        );
        Task queued = store.RevokeAsync("device 4").AsTask();
        await store.DisposeAsync().AsTask().WaitAsync(Timeout);
        await Assert.ThrowsAsync<KeyStoreException>(() => queued.WaitAsync(Timeout));
    }

    /// <summary>A clock that may hang whoever asks it: here the writer, in the midst of a change.</summary>
    private sealed class HangingClock : TimeProvider, IDisposable
    {
        private readonly ManualResetEventSlim _running = new(initialState: true);

        internal TaskCompletionSource Arrived { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal void Stop() => _running.Reset();

        public override DateTimeOffset GetUtcNow()
        {
            if (!_running.IsSet)
                Arrived.TrySetResult();
            _running.Wait();
            return base.GetUtcNow();
        }

        public void Dispose() => _running.Set();
    }
}
