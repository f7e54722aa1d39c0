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
        Assert.Contains("read-only", Assert.Throws<KeyStoreException>(() => folder.Open()).Message, StringComparison.Ordinal);
    }
}
