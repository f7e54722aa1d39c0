using System.Text.Json;
using SymRatchet.KeyStores.Sqlite;
using SymRatchet.KeyStores.Tests.Contract;
using SymRatchet.TestKit;

namespace SymRatchet.KeyStores.Tests.Tool;

/// <summary>The command symratchet: from an empty folder to sessions, and through a client's whole life.</summary>
public sealed class ToolTests : IDisposable
{
    private const string Name = "sensor-17";

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-tool-").FullName;

    private string Server => PathOf("server.keys");

    private string Client => PathOf("client.keys");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_client_is_provisioned_rotated_and_revoked_and_each_step_shows_in_its_sessions()
    {
        await ProvisionAsync();
        Assert.True(await ConnectAsync());

        await ToolRun.GoodAsync("key", "rotate", Name, "--store", Server, "--out", PathOf("new"));
        Assert.Contains("rotating", await ToolRun.GoodAsync("key", "list", "--store", Server), StringComparison.Ordinal);
        Assert.True(await ConnectAsync());
        await ToolRun.GoodAsync("key", "rotate", Name, "--store", Client, "--role", "Client", "--credential", PathOf("new"));
        Assert.True(await ConnectAsync());
        Assert.Contains("active", await ToolRun.GoodAsync("key", "list", "--store", Server), StringComparison.Ordinal);

        await ToolRun.GoodAsync("key", "revoke", Name, "--store", Server);
        Assert.False(await ConnectAsync());
        Assert.Contains("revoked", await ToolRun.GoodAsync("key", "show", Name, "--store", Server), StringComparison.Ordinal);
        await ToolRun.BadAsync(3, "revoked before", "key", "revoke", Name, "--store", Server);
        await ToolRun.BadAsync(1, "Rotate it", "key", "add", Name, "--store", Server, "--out", PathOf("again"));
        Assert.False(File.Exists(PathOf("again")));
    }

    [Fact]
    public async Task A_key_moves_to_another_store_with_its_epoch()
    {
        await ProvisionAsync();
        Assert.True(await ConnectAsync());
        string moved = PathOf("moved.keys");
        await ToolRun.GoodAsync("key", "export", Name, "--store", Server, "--out", PathOf("key"));
        await ToolRun.GoodAsync("store", "init", "--store", moved);
        await ToolRun.GoodAsync("key", "import", PathOf("key"), "--store", moved);
        Assert.True(await ConnectAsync(moved));

        await ToolRun.GoodAsync("key", "rotate", Name, "--store", moved, "--out", PathOf("new"));
        await ToolRun.GoodAsync("store", "migrate", "--store", moved, "--to-store", PathOf("third.keys"), "--to-ring", PathOf("ring"));
        Assert.Contains("rotating", await ToolRun.GoodAsync("key", "list", "--store", PathOf("third.keys")), StringComparison.Ordinal);
        await ToolRun.BadAsync(1, "cannot be unwrapped", "key", "show", Name, "--store", PathOf("third.keys"), "--reveal");
        await ToolRun.GoodAsync("store", "check", "--store", PathOf("third.keys"), "--ring", PathOf("ring"));
    }

    [Fact]
    public async Task A_plain_store_is_wrapped()
    {
        await ProvisionAsync();
        await ToolRun.GoodAsync("store", "rewrap", "--store", Server, "--ring", PathOf("ring"), "--was-plain");
        ToolRun plain = await ToolRun.RunAsync("store", "check", "--store", Server);
        Assert.Equal(1, plain.ExitCode);
        Assert.Contains("problems: 1", plain.Output, StringComparison.Ordinal);
        await ToolRun.GoodAsync("store", "check", "--store", Server, "--ring", PathOf("ring"));
    }

    [Fact]
    public async Task No_secret_is_written_unless_it_is_asked_for()
    {
        await ProvisionAsync();
        using StoredKey key = (await FindAsync(Server))!;
        string[] secrets = [Convert.ToHexString(key.EpochKey), Convert.ToHexString(key.IdentityKey), Convert.ToBase64String(key.EpochKey), Convert.ToBase64String(key.IdentityKey)];
        foreach (string[] command in (string[][])
            [["key", "list", "--store", Server], ["key", "list", "--store", Server, "--json"], ["key", "show", Name, "--store", Server], ["key", "show", Name, "--store", Server, "--json"],
             ["store", "check", "--store", Server, "--json"], ["key", "export", Name, "--store", Server, "--out", PathOf("x")]])
        {
            ToolRun run = await ToolRun.RunAsync(command);
            Assert.All(secrets, secret => Assert.DoesNotContain(secret, run.Output + run.Error, StringComparison.OrdinalIgnoreCase));
        }

        string revealed = await ToolRun.GoodAsync("key", "show", Name, "--store", Server, "--json", "--reveal");
        Assert.Equal(Convert.ToHexStringLower(key.EpochKey), JsonDocument.Parse(revealed).RootElement.GetProperty("epochKey").GetString());
        await ToolRun.BadAsync(2, "--reveal", "keygen", Name);
        Assert.StartsWith("symratchet credential 1", await ToolRun.GoodAsync("keygen", Name, "--reveal"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_are_tables_and_JSON()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        foreach (string name in (string[])["a", "b", "c"])
            await ToolRun.GoodAsync("key", "add", name, "--store", Server, "--out", PathOf(name), "--suite", "Aegis256", "--suite", "Aes256Gcm");
        string[] table = (await ToolRun.GoodAsync("key", "list", "--store", Server)).TrimEnd().Split('\n');
        Assert.Equal(4, table.Length);
        Assert.StartsWith("ID  STATE", table[0], StringComparison.Ordinal);
        Assert.Contains("Aegis256,Aes256Gcm", table[1], StringComparison.Ordinal);
        JsonElement page = JsonDocument.Parse(await ToolRun.GoodAsync("key", "list", "--store", Server, "--json", "--after", "a", "--limit", "1")).RootElement;
        Assert.Equal("b", Assert.Single(page.EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_line_and_an_exit_code()
    {
        await ToolRun.BadAsync(2, "--store", "key", "list");
        await ToolRun.BadAsync(2, "(try --help)", "key", "list", "--stroe", Server);
        await ToolRun.BadAsync(1, "There is no key store", "key", "list", "--store", Server);
        await ProvisionAsync();
        await ToolRun.BadAsync(3, "not in", "key", "show", "nobody", "--store", Server);
        await ToolRun.BadAsync(3, "no such key", "key", "rotate", "nobody", "--store", Server, "--out", PathOf("y"));
        await ToolRun.BadAsync(1, "serves the Server", "key", "list", "--store", Server, "--role", "Client");
        await ToolRun.BadAsync(2, "--credential", "key", "add", "other", "--store", Server);
        await ToolRun.BadAsync(1, "another client", "key", "add", "other", "--store", Server, "--credential", PathOf("credential"));
        await File.WriteAllTextAsync(PathOf("no-key"), "{}");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(PathOf("no-key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
            await ToolRun.BadAsync(1, "chmod 600", "key", "import", PathOf("no-key"), "--store", Server);
            File.SetUnixFileMode(PathOf("no-key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await ToolRun.BadAsync(1, "no exported key", "key", "import", PathOf("no-key"), "--store", Server);
    }

    [Theory]
    [InlineData("keygen")]
    [InlineData("key", "add")]
    [InlineData("key", "list")]
    [InlineData("key", "show")]
    [InlineData("key", "rotate")]
    [InlineData("key", "revoke")]
    [InlineData("key", "export")]
    [InlineData("key", "import")]
    [InlineData("store", "init")]
    [InlineData("store", "check")]
    [InlineData("store", "rewrap")]
    [InlineData("store", "migrate")]
    public async Task Every_command_has_help_with_an_example(params string[] command) =>
        Assert.Contains($"  symratchet {string.Join(' ', command)}", await ToolRun.GoodAsync([.. command, "--help"]), StringComparison.Ordinal);

    private string PathOf(string name) => Path.Combine(_folder, name);

    private async Task ProvisionAsync()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        await ToolRun.GoodAsync("store", "init", "--store", Client, "--role", "Client");
        await ToolRun.GoodAsync("key", "add", Name, "--store", Server, "--out", PathOf("credential"));
        await ToolRun.GoodAsync("key", "add", Name, "--store", Client, "--role", "Client", "--credential", PathOf("credential"));
    }

    private async Task<bool> ConnectAsync(string? server = null)
    {
        await using var serverStore = SqliteKeyStore.Open(server ?? Server, ChannelRole.Server);
        await using var clientStore = SqliteKeyStore.Open(Client, ChannelRole.Client);
        try
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync(
                new SecureChannelClientOptions { Keys = clientStore, ClientId = Name }, new SecureChannelServerOptions { Keys = serverStore });
            await pair.RoundAsync([1], [2]);
            return true;
        }
        catch (SecureChannelException)
        {
            return false;
        }
    }

    private static async Task<StoredKey?> FindAsync(string path)
    {
        await using var store = SqliteKeyStore.Open(path, ChannelRole.Server);
        return await store.FindAsync(TestKeys.Id(Name));
    }
}
