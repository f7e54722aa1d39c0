using System.Diagnostics;
using System.Runtime.Versioning;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;

namespace SymRatchet.KeyStores.Tests.Sqlite;

/// <summary>The store file among the other users of a Unix machine.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class StorePermissionTests
{
    private const string Name = "device 1";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [SkippableFact]
    public async Task Every_file_of_a_store_is_its_owners_alone()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using StoreFolder folder = new();
        SqliteKeyStore store = folder.Open();
        await store.AddAsync(TestKeys.Shared(Name));
        string[] files = Directory.GetFiles(folder.Path);
        Assert.True(files.Length > 1);
        Assert.All(files, file => Assert.Equal(OwnerOnly, File.GetUnixFileMode(file)));
    }

    [SkippableTheory]
    [InlineData("link")]
    [InlineData("dangling link")]
    [InlineData("pipe")]
    [InlineData("writable by others")]
    [InlineData("of another user")]
    public async Task A_lock_file_that_is_not_the_stores_own_is_refused(string kind)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Only Linux has the file.");
        await using StoreFolder folder = new();
        string lockFile = folder.FileOf(ChannelRole.Server) + "-lock";
        string other = Path.Combine(folder.Path, "other");
        if (kind == "link")
            await File.WriteAllTextAsync(other, "not to be written");
        if (kind is "link" or "dangling link")
            File.CreateSymbolicLink(lockFile, other);
        else if (kind == "pipe")
            await Process.Start("mkfifo", lockFile).WaitForExitAsync();
        else
            await File.WriteAllTextAsync(lockFile, "");
        if (OperatingSystem.IsLinux() && kind == "writable by others")
            File.SetUnixFileMode(lockFile, OwnerOnly | UnixFileMode.OtherWrite);
        if (kind == "of another user")
        {
            using var chown = Process.Start("chown", ["65534", lockFile]);
            await chown.WaitForExitAsync();
            Skip.IfNot(chown.ExitCode == 0, "Only root may give a file away.");
        }

        Task<KeyStoreException> opening = Task.Run(() => Assert.Throws<KeyStoreException>(() => folder.Open()));
        KeyStoreException error = await opening.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("-lock", error.Message, StringComparison.Ordinal);
        Assert.Equal(
            kind == "link" ? "not to be written" : null,
            File.Exists(other) ? await File.ReadAllTextAsync(other) : null
        );
        File.Delete(lockFile);
        folder.Open();
    }

    [SkippableTheory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public async Task A_file_that_others_may_use_is_refused(UnixFileMode more)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using StoreFolder folder = new();
        await folder.Open().DisposeAsync();
        File.SetUnixFileMode(folder.FileOf(ChannelRole.Server), OwnerOnly | more);
        var error = Assert.Throws<KeyStoreException>(() => folder.Open());
        Assert.Contains("chmod 600", error.Message, StringComparison.Ordinal);
        File.SetUnixFileMode(folder.FileOf(ChannelRole.Server), OwnerOnly);
        folder.Open();
    }

    [SkippableFact]
    public async Task A_read_only_file_is_refused()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using StoreFolder folder = new();
        await folder.Open().DisposeAsync();
        File.SetUnixFileMode(folder.FileOf(ChannelRole.Server), UnixFileMode.UserRead);
        Assert.Contains(
            "read-only",
            Assert.Throws<KeyStoreException>(() => folder.Open()).Message,
            StringComparison.Ordinal
        );
    }

    [SkippableFact]
    public async Task The_log_of_a_store_behind_a_link_is_checked_where_it_is()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no file modes.");
        await using StoreFolder folder = new();
        await using (SqliteKeyStore store = SqliteKeyStore.Open(Path.Combine(folder.Path, "real"), ChannelRole.Server))
            await store.AddAsync(TestKeys.Shared(Name));
        string link = Path.Combine(folder.Path, "link");
        File.CreateSymbolicLink(link, "real");
        string log = Path.Combine(folder.Path, "real-wal");
        await File.WriteAllBytesAsync(log, []);
        File.SetUnixFileMode(log, OwnerOnly | UnixFileMode.OtherRead);
        var error = Assert.Throws<KeyStoreException>(() => SqliteKeyStore.Open(link, ChannelRole.Server));
        Assert.Contains(log, error.Message, StringComparison.Ordinal);
        File.Delete(log);
        await SqliteKeyStore.Open(link, ChannelRole.Server).DisposeAsync();
    }

    [SkippableTheory]
    [InlineData("-wal")]
    [InlineData("-journal")]
    public async Task A_file_of_another_owner_is_refused(string part)
    {
        Skip.IfNot(
            OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "Run as root on Linux to give a file away."
        );
        await using StoreFolder folder = new();
        await folder.Open().DisposeAsync();
        string path = folder.FileOf(ChannelRole.Server) + part;
        if (!File.Exists(path))
            await File.WriteAllBytesAsync(path, []);
        File.SetUnixFileMode(path, OwnerOnly);
        using (var chown = System.Diagnostics.Process.Start("chown", ["12345", path]))
            await chown.WaitForExitAsync();
        var error = Assert.Throws<KeyStoreException>(() => folder.Open());
        Assert.Contains("belongs to", error.Message, StringComparison.Ordinal);
    }
}
