using System.Text.Json;

namespace SymRatchet.Tool.Tests;

/// <summary>The command symratchet: from an empty folder to sessions, and through a client's whole life.</summary>
public sealed class ToolTests : IDisposable
{
    private const string Name = ToolFolder.Name;

    private readonly ToolFolder _folder = new();

    private string Server => _folder.Server;

    private string Client => _folder.Client;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_client_is_provisioned_rotated_and_revoked_and_each_step_shows_in_its_sessions()
    {
        await _folder.ProvisionAsync();
        Assert.True(await _folder.ConnectAsync());

        await ToolRun.GoodAsync("key", "rotate", Name, "--store", Server, "--out", _folder.PathOf("new"));
        Assert.Contains(
            "rotating",
            await ToolRun.GoodAsync("key", "list", "--store", Server),
            StringComparison.Ordinal
        );
        Assert.True(await _folder.ConnectAsync());
        await ToolRun.GoodAsync(
            "key",
            "rotate",
            Name,
            "--store",
            Client,
            "--role",
            "Client",
            "--credential",
            _folder.PathOf("new")
        );
        Assert.True(await _folder.ConnectAsync());
        Assert.Contains("active", await ToolRun.GoodAsync("key", "list", "--store", Server), StringComparison.Ordinal);

        await ToolRun.GoodAsync("key", "revoke", Name, "--store", Server);
        Assert.False(await _folder.ConnectAsync());
        Assert.Contains(
            "revoked",
            await ToolRun.GoodAsync("key", "show", Name, "--store", Server),
            StringComparison.Ordinal
        );
        await ToolRun.BadAsync(3, "revoked before", "key", "revoke", Name, "--store", Server);
        await ToolRun.BadAsync(1, "Rotate it", "key", "add", Name, "--store", Server, "--out", _folder.PathOf("again"));
        Assert.False(File.Exists(_folder.PathOf("again")));
    }

    [Fact]
    public async Task A_rotation_keeps_how_the_key_evolves_unless_it_is_told_otherwise()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        await ToolRun.GoodAsync(
            "key",
            "add",
            Name,
            "--store",
            Server,
            "--evolution",
            "None",
            "--out",
            _folder.PathOf("first")
        );
        await ToolRun.GoodAsync("key", "rotate", Name, "--store", Server, "--out", _folder.PathOf("second"));
        using var second = PreSharedKey.FromCredentialFile(_folder.PathOf("second"));
        Assert.Equal(KeyEvolution.None, second.Evolution);
        await ToolRun.BadAsync(
            1,
            "evolution",
            "key",
            "rotate",
            Name,
            "--store",
            Server,
            "--evolution",
            "Forward",
            "--out",
            _folder.PathOf("third")
        );
    }

    [Fact]
    public async Task A_key_moves_to_another_store_with_its_epoch()
    {
        await _folder.ProvisionAsync();
        Assert.True(await _folder.ConnectAsync());
        string moved = _folder.PathOf("moved.keys");
        await ToolRun.GoodAsync("key", "export", Name, "--store", Server, "--out", _folder.PathOf("key"));
        await ToolRun.GoodAsync("store", "init", "--store", moved);
        await ToolRun.GoodAsync("key", "import", _folder.PathOf("key"), "--store", moved);
        Assert.True(await _folder.ConnectAsync(moved));

        await ToolRun.GoodAsync("key", "rotate", Name, "--store", moved, "--out", _folder.PathOf("new"));
        string third = _folder.PathOf("third.keys");
        await ToolRun.GoodAsync("store", "init", "--store", third);
        await ToolRun.GoodAsync(
            "store",
            "migrate",
            "--store",
            moved,
            "--to-store",
            third,
            "--to-ring",
            _folder.PathOf("ring")
        );
        Assert.Contains(
            "rotating",
            await ToolRun.GoodAsync("key", "list", "--store", _folder.PathOf("third.keys")),
            StringComparison.Ordinal
        );
        await ToolRun.BadAsync(
            1,
            "cannot be unwrapped",
            "key",
            "show",
            Name,
            "--store",
            _folder.PathOf("third.keys"),
            "--reveal"
        );
        await ToolRun.GoodAsync(
            "store",
            "check",
            "--store",
            _folder.PathOf("third.keys"),
            "--ring",
            _folder.PathOf("ring")
        );
    }

    [Fact]
    public async Task A_plain_store_is_wrapped()
    {
        await _folder.ProvisionAsync();
        await ToolRun.GoodAsync("store", "rewrap", "--store", Server, "--ring", _folder.PathOf("ring"), "--was-plain");
        ToolRun plain = await ToolRun.RunAsync("store", "check", "--store", Server);
        Assert.Equal(1, plain.ExitCode);
        Assert.Contains("problems: 1", plain.Output, StringComparison.Ordinal);
        await ToolRun.GoodAsync("store", "check", "--store", Server, "--ring", _folder.PathOf("ring"));
    }

    [Fact]
    public async Task No_secret_is_written_unless_it_is_asked_for()
    {
        await _folder.ProvisionAsync();
        using StoredKey key = (await _folder.FindAsync(Server))!;
        string[] secrets =
        [
            Convert.ToHexString(key.EpochKey),
            Convert.ToHexString(key.IdentityKey),
            Convert.ToBase64String(key.EpochKey),
            Convert.ToBase64String(key.IdentityKey),
        ];
        foreach (
            string[] command in (string[][])
                [
                    ["key", "list", "--store", Server],
                    ["key", "list", "--store", Server, "--json"],
                    ["key", "show", Name, "--store", Server],
                    ["key", "show", Name, "--store", Server, "--json"],
                    ["store", "check", "--store", Server, "--json"],
                    ["key", "export", Name, "--store", Server, "--out", _folder.PathOf("x")],
                ]
        )
        {
            ToolRun run = await ToolRun.RunAsync(command);
            Assert.All(
                secrets,
                secret => Assert.DoesNotContain(secret, run.Output + run.Error, StringComparison.OrdinalIgnoreCase)
            );
        }

        string revealed = await ToolRun.GoodAsync("key", "show", Name, "--store", Server, "--json", "--reveal");
        Assert.Equal(
            Convert.ToHexStringLower(key.EpochKey),
            JsonDocument.Parse(revealed).RootElement.GetProperty("epochKey").GetString()
        );
        await ToolRun.BadAsync(2, "--reveal", "keygen", Name);
        Assert.StartsWith(
            "symratchet credential 1",
            await ToolRun.GoodAsync("keygen", Name, "--reveal"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Lists_are_tables_and_JSON()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        foreach (string name in (string[])["a", "b", "c"])
            await ToolRun.GoodAsync(
                "key",
                "add",
                name,
                "--store",
                Server,
                "--out",
                _folder.PathOf(name),
                "--suite",
                "Aegis256",
                "--suite",
                "Aes256Gcm"
            );
        string[] table = (await ToolRun.GoodAsync("key", "list", "--store", Server)).TrimEnd().Split('\n');
        Assert.Equal(4, table.Length);
        Assert.StartsWith("ID  STATE", table[0], StringComparison.Ordinal);
        Assert.Contains("Aegis256,Aes256Gcm", table[1], StringComparison.Ordinal);
        JsonElement page = JsonDocument
            .Parse(await ToolRun.GoodAsync("key", "list", "--store", Server, "--json", "--after", "a", "--limit", "1"))
            .RootElement;
        Assert.Equal("b", Assert.Single(page.EnumerateArray()).GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_line_and_an_exit_code()
    {
        await ToolRun.BadAsync(2, "--store", "key", "list");
        await ToolRun.BadAsync(2, "(try --help)", "key", "list", "--stroe", Server);
        await ToolRun.BadAsync(1, "There is no key store", "key", "list", "--store", Server);
        await _folder.ProvisionAsync();
        await ToolRun.BadAsync(3, "not in", "key", "show", "nobody", "--store", Server);
        await ToolRun.BadAsync(
            3,
            "no such key",
            "key",
            "rotate",
            "nobody",
            "--store",
            Server,
            "--out",
            _folder.PathOf("y")
        );
        await ToolRun.BadAsync(1, "(--role Server)", "key", "list", "--store", Server, "--role", "Client");
        await ToolRun.BadAsync(1, "serves the Client", "key", "list", "--store", Client);
        await ToolRun.BadAsync(1, "(--role Client)", "key", "list", "--store", Client);
        await ToolRun.BadAsync(1, "(--to-role Client)", "store", "migrate", "--store", Server, "--to-store", Client);
        await ToolRun.BadAsync(2, "--credential", "key", "add", "other", "--store", Server);
        await ToolRun.BadAsync(
            1,
            "another client",
            "key",
            "add",
            "other",
            "--store",
            Server,
            "--credential",
            _folder.PathOf("credential")
        );
        await File.WriteAllTextAsync(_folder.PathOf("no-key"), "{}");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(_folder.PathOf("no-key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
            await ToolRun.BadAsync(1, "chmod 600", "key", "import", _folder.PathOf("no-key"), "--store", Server);
            File.SetUnixFileMode(_folder.PathOf("no-key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        await ToolRun.BadAsync(1, "not an exported key", "key", "import", _folder.PathOf("no-key"), "--store", Server);
    }

    [Fact]
    public async Task A_list_of_commands_has_a_line_for_each()
    {
        string help = await ToolRun.GoodAsync("--help");
        string[] commands =
        [
            .. help.Split('\n').SkipWhile(line => line != "Commands:").Skip(1).Where(line => line.Length > 0),
        ];
        Assert.Equal(9, commands.Length);
        Assert.All(commands, line => Assert.EndsWith(".", line, StringComparison.Ordinal));
        Assert.DoesNotContain("Example", await ToolRun.GoodAsync("key", "--help"), StringComparison.Ordinal);
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
    [InlineData("connect")]
    [InlineData("ping")]
    [InlineData("bench")]
    [InlineData("doctor")]
    [InlineData("completion")]
    [InlineData("tunnel")]
    [InlineData("tunnel", "server")]
    [InlineData("tunnel", "client")]
    public async Task Every_command_has_help_with_an_example(params string[] command) =>
        Assert.Contains(
            $"  symratchet {string.Join(' ', command)}",
            await ToolRun.GoodAsync([.. command, "--help"]),
            StringComparison.Ordinal
        );
}
