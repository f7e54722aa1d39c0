using System.Diagnostics;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Sqlite;
using SymRatchet.TestKit;

namespace SymRatchet.Tool.Tests;

/// <summary>The command symratchet with a client's key file as its store.</summary>
public sealed class KeyFileToolTests : IDisposable
{
    private const string Name = ToolFolder.Name;

    private readonly ToolFolder _folder = new();

    private string Device => _folder.PathOf("device.credential");

    private string Next => _folder.PathOf("next");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_has_one_file_from_its_credential_to_its_rotated_key()
    {
        await ProvisionAsync();
        await MeetAsync();
        Assert.Equal("1", await EpochAsync());
        await ToolRun.GoodAsync("store", "check", "--store", Device);
        await ToolRun.BadAsync(1, "which does not wrap its keys", "store", "rewrap", "--store", Device);

        await ToolRun.GoodAsync("key", "rotate", Name, "--store", _folder.Server, "--out", Next);
        await ToolRun.GoodAsync("key", "rotate", Name, "--store", Device, "--credential", Next);
        Assert.Equal("0", await EpochAsync());
        await MeetAsync();
        string list = await ToolRun.GoodAsync("key", "list", "--store", _folder.Server);
        Assert.DoesNotContain("rotating", list, StringComparison.Ordinal);

        await ToolRun.GoodAsync("key", "revoke", Name, "--store", Device);
        string shown = await ToolRun.GoodAsync("key", "show", Name, "--store", Device);
        Assert.Contains("revoked", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_that_no_program_has_opened_is_changed_by_no_command_but_init()
    {
        await ProvisionAsync();
        byte[] credential = await File.ReadAllBytesAsync(Device);
        File.Copy(Device, Next);
        foreach (
            string[] command in (string[][])
                [
                    ["key", "list"],
                    ["key", "show", Name],
                    ["key", "export", Name, "--out", _folder.PathOf("key")],
                    ["key", "revoke", Name],
                    ["key", "rotate", Name, "--credential", Next],
                    ["key", "add", Name, "--credential", Next],
                    ["store", "check"],
                    ["store", "rewrap"],
                    ["store", "migrate", "--to-store", _folder.Server],
                ]
        )
        {
            await ToolRun.BadAsync(1, "no program has opened", [.. command, "--store", Device]);
            Assert.Equal(credential, await File.ReadAllBytesAsync(Device));
        }

        await ToolRun.BadAsync(1, "the Server", "store", "init", "--store", _folder.Server, "--role", "Client");
        await ToolRun.GoodAsync("store", "init", "--store", Device);
        Assert.Empty(KeySearch.Find(await File.ReadAllBytesAsync(Device), [credential[^45..^13]]));
        await MeetAsync();
    }

    [Fact]
    public async Task A_client_of_a_SQLite_store_moves_to_a_key_file_and_back()
    {
        await _folder.ProvisionAsync();
        Assert.True(await _folder.ConnectAsync());
        string key = _folder.PathOf("key");
        await ToolRun.GoodAsync("key", "export", Name, "--store", _folder.Client, "--role", "Client", "--out", key);
        await ToolRun.GoodAsync("store", "init", "--store", Device, "--key-file");
        await ToolRun.GoodAsync("key", "import", key, "--store", Device);
        await ToolRun.GoodAsync("key", "import", key, "--store", Device);
        await MeetAsync();
        Assert.Equal("2", await EpochAsync());

        File.Delete(key);
        File.Delete(_folder.Client);
        await ToolRun.GoodAsync("key", "export", Name, "--store", Device, "--out", key);
        await ToolRun.GoodAsync("store", "init", "--store", _folder.Client, "--role", "Client");
        await ToolRun.GoodAsync("key", "import", key, "--store", _folder.Client, "--role", "Client");
        Assert.True(await _folder.ConnectAsync());
    }

    [Fact]
    public async Task What_makes_no_sense_for_a_key_file_is_refused_and_leaves_it_as_it_is()
    {
        await ProvisionAsync();
        await MeetAsync();
        byte[] before = await File.ReadAllBytesAsync(Device);
        string ring = _folder.PathOf("ring");
        string[] device = ["--store", Device];
        await ToolRun.BadAsync(1, "holds only one", ["key", "add", "other", "--out", Next, .. device]);
        Assert.False(File.Exists(Next));
        await ToolRun.BadAsync(1, "already holds", ["key", "add", Name, "--out", Next, .. device]);
        await ToolRun.BadAsync(3, "no such key", ["key", "rotate", "other", "--out", Next, .. device]);
        await ToolRun.BadAsync(2, "does not wrap", ["key", "list", "--ring", ring, .. device]);
        await ToolRun.BadAsync(2, "does not wrap", ["store", "init", "--ring", ring, "--key-file", "--store", Next]);
        await ToolRun.BadAsync(2, "--key-file", "store", "init", "--postgres", "Host=nowhere", "--key-file");
        await ToolRun.BadAsync(1, "does not wrap", ["store", "rewrap", .. device]);
        await ToolRun.BadAsync(1, "(--role Client)", ["key", "list", "--role", "Server", .. device]);
        await ToolRun.BadAsync(1, "holds one client", ["store", "migrate", "--to-store", _folder.Server, .. device]);
        await ToolRun.BadAsync(
            1,
            "holds one client",
            "store",
            "migrate",
            "--store",
            _folder.Server,
            "--to-store",
            Device
        );
        await ToolRun.BadAsync(1, "neither", "store", "init", "--store", _folder.Server, "--key-file");
        await ToolRun.BadAsync(1, "key file already", ["key", "rotate", Name, "--credential", Device, .. device]);
        Assert.Equal(before, await File.ReadAllBytesAsync(Device));
        Assert.False(Directory.Exists(ring));
    }

    [Fact]
    public async Task A_key_file_that_a_program_has_open_is_told()
    {
        await ProvisionAsync();
        await using (await KeyFile.OpenAsync(Device))
            await ToolRun.BadAsync(1, "in use", "key", "list", "--store", Device);
        Assert.Equal("0", await EpochAsync());
    }

    [Fact]
    public async Task What_is_no_file_of_a_store_is_told_without_a_wait()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await ProvisionAsync();
        await MeetAsync();
        string pipe = _folder.PathOf("pipe");
        using (var mkfifo = Process.Start("mkfifo", [pipe]))
            await mkfifo.WaitForExitAsync();
        string link = _folder.PathOf("link");
        File.CreateSymbolicLink(link, Device);
        string huge = _folder.PathOf("huge");
        await File.WriteAllBytesAsync(huge, "symratchet key file 1\n"u8.ToArray());
        File.SetUnixFileMode(huge, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using (FileStream file = File.OpenWrite(huge))
            file.SetLength(1L << 40);

        await ToolRun.BadAsync(1, "Name the file itself", "key", "list", "--store", link);
        await ToolRun.BadAsync(1, "none of its slots", "key", "list", "--store", huge);
        foreach (string other in (string[])[pipe, "/dev/zero", Path.GetDirectoryName(Device)!])
        {
            ToolRun run = await ToolRun.RunAsync("key", "list", "--store", other).WaitAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(1, run.ExitCode);
            Assert.Single(run.Error.TrimEnd().Split('\n'));
        }
    }

    private async Task ProvisionAsync()
    {
        await ToolRun.GoodAsync("store", "init", "--store", _folder.Server);
        await ToolRun.GoodAsync("key", "add", Name, "--store", _folder.Server, "--out", Device);
    }

    private async Task MeetAsync()
    {
        await using var server = SqliteKeyStore.Open(_folder.Server, ChannelRole.Server);
        await using var client = await KeyFile.OpenAsync(Device);
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Keys = client },
            new SecureChannelServerOptions { Keys = server }
        );
        await pair.RoundAsync([1], [2]);
    }

    private async Task<string> EpochAsync()
    {
        string[] rows = (await ToolRun.GoodAsync("key", "list", "--store", Device)).TrimEnd().Split('\n');
        Assert.Equal(2, rows.Length);
        return rows[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
    }
}
