using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>The files of a store that is in use are replaced or removed.</summary>
public sealed class ReplacedFileTests : IAsyncLifetime
{
    private const string Name = "device 1";

    private readonly StoreFolder _folder = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _folder.DisposeAsync();

    private string Path => _folder.FileOf(ChannelRole.Server);

    [SkippableTheory]
    [InlineData("", true)]
    [InlineData("", false)]
    [InlineData("-wal", true)]
    [InlineData("-wal", false)]
    [InlineData("-shm", false)]
    public async Task Nothing_is_read_moved_revoked_or_watched(string part, bool replaced)
    {
        Skip.IfNot(OperatingSystem.IsLinux());
        SqliteKeyStore store = _folder.Open();
        await store.AddAsync(TestKeys.Shared(Name));
        long serial = await store.SerialAsync(Name);
        if (replaced)
            Replace(part);
        else
            File.Delete(Path + part);

        AssertClear(await Assert.ThrowsAsync<KeyStoreException>(async () => await store.FindAsync(Name)));
        AssertClear(
            await Assert.ThrowsAsync<KeyStoreException>(async () =>
                await store.AdvanceAsync(Name, serial, 1, TestKeys.Root(Name, 1))
            )
        );
        AssertClear(await Assert.ThrowsAsync<KeyStoreException>(async () => await store.RevokeAsync(Name)));
        AssertClear(
            await Assert.ThrowsAsync<KeyStoreException>(async () => await ((IKeyStoreProbe)(object)store).ProbeAsync())
        );
        await using IAsyncEnumerator<ClientId> watch = store.WatchRevocationsAsync().GetAsyncEnumerator();
        AssertClear(
            await Assert.ThrowsAsync<KeyStoreException>(async () =>
                await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30))
            )
        );
        await store.DisposeAsync();
    }

    [SkippableFact]
    public async Task Nobody_else_changes_the_new_file_while_the_old_one_is_in_use()
    {
        Skip.IfNot(OperatingSystem.IsLinux());
        SqliteKeyStore server = _folder.Open();
        await server.AddAsync(TestKeys.Shared(Name));
        await using (SqliteKeyStore tool = SqliteKeyStore.Open(Path, ChannelRole.Server))
            Assert.Equal(0, await tool.EpochAsync(Name));
        Replace("");
        AssertClear(Assert.Throws<KeyStoreException>(() => SqliteKeyStore.Open(Path, ChannelRole.Server)));

        // As the guide says it: stopped, then restored.
        await server.DisposeAsync();
        File.Delete(Path + "-wal");
        File.Delete(Path + "-shm");
        await using SqliteKeyStore restored = SqliteKeyStore.Open(Path, ChannelRole.Server);
        Assert.True(await restored.RevokeAsync(Name));
    }

    [SkippableFact]
    public async Task A_file_with_two_names_is_neither_opened_nor_served()
    {
        Skip.IfNot(OperatingSystem.IsLinux());
        SqliteKeyStore server = _folder.Open();
        await server.AddAsync(TestKeys.Shared(Name));
        string other = Path + ".other";
        using (var link = System.Diagnostics.Process.Start("ln", [Path, other]))
            await link.WaitForExitAsync();
        foreach (string name in (string[])[Path, other])
            AssertOneName(Assert.Throws<KeyStoreException>(() => SqliteKeyStore.Open(name, ChannelRole.Server)));
        AssertOneName(await Assert.ThrowsAsync<KeyStoreException>(async () => await server.RevokeAsync(Name)));
        File.Delete(other);
        Assert.True(await server.RevokeAsync(Name));
    }

    [SkippableFact]
    public async Task A_watch_that_was_interrupted_goes_on_where_it_was()
    {
        Skip.IfNot(OperatingSystem.IsLinux());
        SqliteKeyStore store = _folder.Open();
        await store.AddAsync(TestKeys.Shared(Name));
        await using (IAsyncEnumerator<ClientId> watch = store.WatchRevocationsAsync().GetAsyncEnumerator())
        {
            Task<bool> next = watch.MoveNextAsync().AsTask();
            File.Move(Path, Path + ".away");
            await Assert.ThrowsAsync<KeyStoreException>(() => next.WaitAsync(TimeSpan.FromSeconds(30)));
            File.Move(Path + ".away", Path);
        }

        await store.RevokeAsync(Name);
        await using IAsyncEnumerator<ClientId> again = store.WatchRevocationsAsync().GetAsyncEnumerator();
        Assert.True(await again.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Equal<ClientId>(Name, again.Current);
    }

    [SkippableFact]
    public async Task Of_two_watches_that_were_interrupted_none_misses_a_revocation()
    {
        Skip.IfNot(OperatingSystem.IsLinux());
        SqliteKeyStore store = _folder.Open();
        await store.AddAsync(TestKeys.Shared(Name));
        IAsyncEnumerator<ClientId>[] watches =
        [
            store.WatchRevocationsAsync().GetAsyncEnumerator(),
            store.WatchRevocationsAsync().GetAsyncEnumerator(),
        ];
        Task<bool>[] next = [.. watches.Select(watch => watch.MoveNextAsync().AsTask())];
        File.Move(Path, Path + ".away");
        foreach (Task<bool> failing in next)
            await Assert.ThrowsAsync<KeyStoreException>(() => failing.WaitAsync(TimeSpan.FromSeconds(30)));
        File.Move(Path + ".away", Path);
        await store.RevokeAsync(Name);
        for (int i = 0; i < 2; i++)
        {
            await using IAsyncEnumerator<ClientId> again = store.WatchRevocationsAsync().GetAsyncEnumerator();
            Assert.True(await again.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
            Assert.Equal<ClientId>(Name, again.Current);
        }
    }

    private static void AssertClear(KeyStoreException error) =>
        Assert.Contains("stop", error.Message, StringComparison.OrdinalIgnoreCase);

    private static void AssertOneName(KeyStoreException error) =>
        Assert.Contains("another name", error.Message, StringComparison.Ordinal);

    private void Replace(string part)
    {
        File.WriteAllBytes(Path + ".copy", File.ReadAllBytes(Path + part));
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(Path + ".copy", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(Path + ".copy", Path + part, overwrite: true);
    }
}
