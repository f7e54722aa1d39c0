using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.KeyStores.Tests.Crash;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.KeyFiles;

/// <summary>The file itself: whose it is, who has it open, and what becomes of the credential.</summary>
public sealed class KeyFileTests : IAsyncLifetime
{
    private const string Name = "device 1";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly KeyFileFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    [Fact]
    public async Task One_file_is_all_that_a_client_needs()
    {
        using PreSharedKey shared = TestKeys.Shared(Name);
        string path = _folder.Carry(shared);
        byte[] credential = await File.ReadAllBytesAsync(path);
        using InMemoryKeyStore server = new(ChannelRole.Server);
        server.Add(shared);
        for (long epoch = 0; epoch < 3; epoch++)
        {
            await using var file = await KeyFile.OpenAsync(path);
            await using ChannelPair pair = await ChannelPair.CreateAsync(
                new SecureChannelClientOptions { Keys = file, ClientId = file.ClientId },
                new SecureChannelServerOptions { Keys = server }
            );
            await pair.RoundAsync([1], [2]);
            Assert.Equal(epoch, pair.Server.Peer.Epoch);
            Assert.Equal(epoch + 1, await file.EpochAsync(Name));
        }

        Assert.Equal([path], Directory.GetFiles(_folder.Path));
        string found = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(path));
        string key = Encoding.ASCII.GetString(credential).Split("key: ")[1].Trim();
        Assert.DoesNotContain(key[..8], found, StringComparison.Ordinal);
        Assert.Equal(8704, found.Length);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(path));
        Assert.Contains(
            "a key file already",
            Assert.Throws<FormatException>(() => PreSharedKey.FromCredentialFile(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_second_identity_is_refused_with_a_word_on_where_to_keep_it()
    {
        KeyFile file = await OpenCarriedAsync();
        var refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await file.AddAsync(TestKeys.Shared("device 2"))
        );
        Assert.Contains("SqliteKeyStore", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await file.RotateAsync(TestKeys.Shared("device 2")));
        Assert.Null(await file.FindAsync("device 2"));
        await file.RevokeAsync(Name);
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await file.AddAsync(TestKeys.Shared("device 2"))
        );
    }

    [SkippableFact]
    public async Task A_file_serves_one_role_for_ever()
    {
        Skip.If(OperatingSystem.IsWindows(), "Nobody reads a locked file there.");
        await (await OpenCarriedAsync()).DisposeAsync();
        byte[] before = Bytes();
        var refusal = await Assert.ThrowsAsync<KeyStoreException>(() => _folder.OpenAsync(role: ChannelRole.Server));
        Assert.Contains("one role only", refusal.Message, StringComparison.Ordinal);
        Assert.True(refusal.IsWrongRole);
        Assert.Equal(before, Bytes());
        await _folder.OpenAsync();
    }

    [Fact]
    public async Task A_file_in_use_is_refused_in_this_process_and_from_another()
    {
        KeyFile file = await OpenCarriedAsync();
        var refusal = await Assert.ThrowsAsync<KeyStoreException>(() => _folder.OpenAsync());
        if (OperatingSystem.IsLinux())
            Assert.Contains("is in use", refusal.Message, StringComparison.Ordinal);
        await using (CrashingProcess other = StartClient("no-socket"))
        {
            await other.WaitForExitAsync();
            Assert.Contains(other.Lines, line => line.Contains(nameof(KeyStoreException), StringComparison.Ordinal));
        }

        await file.AdvanceAsync(Name, 1);
        await file.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await file.EpochAsync(Name));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await file.ProbeAsync());
        Assert.Equal(1, await (await _folder.OpenAsync()).EpochAsync(Name));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_was_replaced_or_removed_moves_no_more_until_it_is_back(bool isReplaced)
    {
        if (!OperatingSystem.IsLinux())
            return;
        KeyFile file = await OpenCarriedAsync();
        long serial = await file.SerialAsync(Name);
        string path = _folder.PathOf("device.credential");
        File.Move(path, path + ".away");
        byte[] before = Bytes(".away");
        if (isReplaced)
            await File.WriteAllBytesAsync(path, before);
        var failure = await Assert.ThrowsAsync<KeyStoreException>(async () =>
            await file.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1))
        );
        Assert.False(failure.IsOutcomeUnknown);
        Assert.Contains("replaced or removed", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KeyStoreException>(async () => await file.ProbeAsync());
        await Assert.ThrowsAsync<KeyStoreException>(async () => await file.FindAsync(Name));
        Assert.Equal(before, Bytes(".away"));
        File.Move(path + ".away", path, overwrite: true);
        await file.AdvanceAsync(Name, 1);
        Assert.Equal(1, await file.EpochAsync(Name));
    }

    [Theory]
    [InlineData("nothing", "There is no key file")]
    [InlineData("link", "symbolic link")]
    [InlineData("folder", "cannot be opened")]
    [InlineData("open", "chmod 600")]
    [InlineData("foreign", "another user (12345)")]
    [InlineData("text", "neither a credential nor a key file")]
    [InlineData("torn", "line 5")]
    public async Task What_is_no_private_file_with_a_key_is_refused_and_left_as_it_is(string kind, string reason)
    {
        if (!OperatingSystem.IsLinux() || (kind == "foreign" && !Environment.IsPrivilegedProcess))
            return;
        using PreSharedKey shared = TestKeys.Shared(Name);
        string real = _folder.Carry(shared, "real");
        byte[] credential = await File.ReadAllBytesAsync(real);
        string path = _folder.PathOf(kind);
        if (kind == "link")
            File.CreateSymbolicLink(path, real);
        else if (kind == "folder")
            Directory.CreateDirectory(path);
        else if (kind != "nothing")
            File.Copy(real, path);
        if (kind == "open")
            File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.GroupRead);
        else if (kind == "foreign")
            using (var chown = Process.Start("chown", ["12345", path]))
                await chown.WaitForExitAsync();
        else if (kind == "text")
            await File.WriteAllTextAsync(path, "key: none");
        else if (kind == "torn")
            await File.WriteAllBytesAsync(path, credential[..^10]);
        byte[]? before = File.Exists(path) ? await File.ReadAllBytesAsync(path) : null;
        var refusal = await Assert.ThrowsAsync<KeyStoreException>(() => KeyFile.OpenAsync(path));
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.Exists(path) ? await File.ReadAllBytesAsync(path) : null);
        Assert.Equal(credential, await File.ReadAllBytesAsync(real));
    }

    [SkippableFact]
    public async Task On_a_full_disk_the_credential_stays_and_an_open_store_goes_on()
    {
        using SmallDisk disk = SmallDisk.Mount(kilobytes: 64);
        using PreSharedKey shared = TestKeys.Shared(Name);
        string path = disk.PathOf("device.credential");
        shared.WriteCredentialFile(path);
        disk.Fill();
        var failure = await Assert.ThrowsAsync<KeyStoreException>(() => KeyFile.OpenAsync(path));
        Assert.Contains("cannot be opened", failure.Message, StringComparison.Ordinal);
        PreSharedKey.FromCredentialFile(path).Dispose();
        disk.MakeRoom();
        await using var file = await KeyFile.OpenAsync(path);
        disk.Fill();
        for (long epoch = 1; epoch <= 5; epoch++)
            await file.AdvanceAsync(Name, epoch);
        Assert.Equal(5, await file.EpochAsync(Name));
    }

    [Theory]
    [InlineData("fresh")]
    [InlineData("restricted")]
    [InlineData("used")]
    [InlineData("rotating")]
    [InlineData("revoked")]
    public async Task Looking_for_an_unknown_id_does_what_looking_for_the_known_one_does(string state)
    {
        // Counted by what is allocated, which is the same each time; a clock would say it with noise.
        KeyFile file = await _folder.OpenAsync(role: ChannelRole.Server);
        await file.AddAsync(TestKeys.Shared(Name));
        long fresh = await AllocatedByFindingAsync(file, Name);
        if (state == "restricted")
            await file.RestrictAsync(Name, [CipherSuiteId.Aes256Gcm]);
        else if (state == "used")
            await file.AdvanceAsync(Name, 1);
        else if (state == "rotating")
            await file.RotateAsync(TestKeys.Shared(Name, 1));
        else if (state == "revoked")
            await file.RevokeAsync(Name);
        long known = await AllocatedByFindingAsync(file, Name);
        Assert.Equal(known, await AllocatedByFindingAsync(file, "device 2"));
        Assert.Equal(known, await AllocatedByFindingAsync(file, "d"));
        if (state != "restricted") // a list of suites is as long as it is, for every id
            Assert.Equal(fresh, known);
    }

    [Fact]
    public async Task A_wait_that_is_ended_leaves_a_change_that_ends_by_itself()
    {
        using ManualResetEventSlim mayGoOn = new();
        SimulatedFile disk = new([]);
        var file = KeyFile.Open("x", ChannelRole.Client, new() { CreateIfMissing = true }, () => disk);
        await file.AddAsync(TestKeys.Shared(Name));
        long serial = await file.SerialAsync(Name);
        disk.Before = _ => mayGoOn.Wait();
        using CancellationTokenSource end = new();
        byte[] root = TestKeys.Root(Name, 1);
        Task advance = file.AdvanceAsync(Name, serial, 1, root, end.Token).AsTask();
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => advance);
        Array.Clear(root); // as the caller does
        Assert.Equal(0, await file.EpochAsync(Name));
        mayGoOn.Set();
        await file.ProbeAsync(); // after the advance
        using StoredKey? key = await file.FindAsync(Name);
        Assert.Equal((1, Convert.ToHexString(TestKeys.Root(Name, 1))), (key!.Epoch, Convert.ToHexString(key.EpochKey)));
        await file.DisposeAsync();
    }

    [Fact]
    public async Task A_disk_that_hangs_is_told_in_time_and_closing_waits_no_longer()
    {
        using ManualResetEventSlim mayGoOn = new();
        SimulatedFile disk = new([]);
        KeyFileOptions options = new() { CreateIfMissing = true, Timeout = TimeSpan.FromSeconds(1) };
        var file = KeyFile.Open("x", ChannelRole.Client, options, () => disk);
        await file.AddAsync(TestKeys.Shared(Name));
        long serial = await file.SerialAsync(Name);
        disk.Before = _ => mayGoOn.Wait();
        var first = await Assert.ThrowsAsync<KeyStoreException>(async () => await AdvanceAsync(1));
        var second = await Assert.ThrowsAsync<KeyStoreException>(async () => await AdvanceAsync(2));
        Assert.Equal((true, false), (first.IsOutcomeUnknown, second.IsOutcomeUnknown));
        await file.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        mayGoOn.Set();

        async Task AdvanceAsync(long epoch) => await file.AdvanceAsync(Name, serial, epoch, TestKeys.Root(Name, epoch));
    }

    [Fact]
    public async Task What_is_known_of_the_identity_outlives_the_process()
    {
        FakeTimeProvider clock = new(new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero));
        KeyFileOptions options = new() { TimeProvider = clock };
        KeyFile file = await _folder.OpenAsync(role: ChannelRole.Server, options: options);
        Assert.Null(file.ClientId);
        await file.AddAsync(TestKeys.Shared(Name), [CipherSuiteId.Aes256Gcm]);
        clock.Advance(TimeSpan.FromHours(1));
        await file.AdvanceAsync(Name, 7);
        await file.RotateAsync(TestKeys.Shared(Name, 1));
        KeyRecord known = (await file.DescribeAsync(Name))!;
        await file.DisposeAsync();

        file = await _folder.OpenAsync(role: ChannelRole.Server, options: options);
        KeyRecord again = Assert.Single(await file.ListAsync(default, 10));
        Assert.Equal(known.ToString(), again.ToString());
        Assert.Equal([CipherSuiteId.Aes256Gcm], again.Suites);
        Assert.Equal((Name, true, clock.GetUtcNow()), (file.ClientId, again.IsRotating, again.LastSeen));
        Assert.Empty(await file.ListAsync(Name, 10));
        Assert.Empty(await file.ListAsync("e", 10));
        await file.RevokeAsync(Name);
        await file.DisposeAsync();

        file = await _folder.OpenAsync(role: ChannelRole.Server, options: options);
        Assert.Equal(clock.GetUtcNow(), (await file.DescribeAsync(Name))!.Revoked);
        Assert.Null(await file.FindAsync(Name));
    }

    [Fact]
    public async Task Options_and_roles_out_of_range_are_refused_at_once()
    {
        foreach (int milliseconds in (int[])[0, 99, 60_001])
        {
            KeyFileOptions options = new() { Timeout = TimeSpan.FromMilliseconds(milliseconds) };
            await Assert.ThrowsAsync<ArgumentException>(() => KeyFile.OpenAsync("x", options: options));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => KeyFile.OpenAsync("x", (ChannelRole)9));
        await Assert.ThrowsAsync<ArgumentException>(() => KeyFile.OpenAsync(""));
    }

    [SkippableFact]
    public async Task Killed_at_any_instant_the_file_opens_and_the_client_is_not_locked_out()
    {
        Skip.If(OperatingSystem.IsWindows(), "Nobody reads a locked file there.");
        const int kills = 20;
        int seed = Environment.TickCount;
        Random random = new(seed);
        using PreSharedKey shared = TestKeys.Shared(Name);
        string path = _folder.Carry(shared);
        string socket = _folder.PathOf("socket");
        await using (SqliteKeyStore server = SqliteKeyStore.Open(_folder.PathOf("server.keys"), ChannelRole.Server))
            await server.AddAsync(shared);
        await using var echo = CrashingProcess.Start("server", _folder.PathOf("server.keys"), socket);
        await echo.WaitForAsync("listening");
        KilledStore killed = new(
            path,
            ChannelRole.Client,
            Name,
            async () =>
            {
                var file = await KeyFile.OpenAsync(path);
                return (file, file);
            }
        );
        for (int kill = 0; kill < kills; kill++)
        {
            CrashingProcess client = StartClient(socket);
            await client.WaitForAsync("session");
            if (random.Next(2) == 0)
            {
                await Task.Delay(random.Next(30)); // not to wait for anything, but to hit any instant
                client.Kill();
            }
            else
            {
                await client.ArmAsync($"{(random.Next(2) == 0 ? "before" : "after")} {random.Next(1, 4)}");
            }

            await client.WaitForExitAsync();
            await client.DisposeAsync();
            Assert.DoesNotContain(client.Lines, line => line.StartsWith("failed", StringComparison.Ordinal));
            await killed.InspectAsync();
        }

        Assert.True(await killed.EpochAsync() >= kills, $"seed {seed}");
        Assert.DoesNotContain(echo.Lines, line => line.StartsWith("failed", StringComparison.Ordinal));
    }

    private static async Task<long> AllocatedByFindingAsync(KeyFile file, ClientId id)
    {
        long allocated = 0;
        for (int round = 0; round < 3; round++) // what is made once for all is not counted
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ValueTask<StoredKey?> finding = file.FindAsync(id);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(finding.IsCompleted); // so all of it was counted
            (await finding)?.Dispose();
        }

        return allocated;
    }

    private CrashingProcess StartClient(string socket) =>
        CrashingProcess.Start("client-file", _folder.PathOf("device.credential"), socket, Name);

    private async Task<KeyFile> OpenCarriedAsync()
    {
        using PreSharedKey shared = TestKeys.Shared(Name);
        _folder.Carry(shared);
        return await _folder.OpenAsync();
    }

    private byte[] Bytes(string suffix = "") => KeySearch.ReadLocked(_folder.PathOf("device.credential" + suffix));
}
