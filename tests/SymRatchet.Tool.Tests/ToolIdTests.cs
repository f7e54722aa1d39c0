using System.Diagnostics;
using System.Text.Json;
using SymRatchet.KeyStores.Sqlite;

namespace SymRatchet.Tool.Tests;

/// <summary>
/// Every id can be named to the tool, in the form in which it shows it, and none is taken for anything else.
/// </summary>
public sealed class ToolIdTests : IDisposable
{
    private readonly ToolFolder _folder = new();

    private string Server => _folder.Server;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_id_that_begins_with_an_at_sign_is_an_id_and_no_file_of_arguments()
    {
        await _folder.ProvisionAsync();
        string before = Environment.CurrentDirectory;
        string arguments = _folder.PathOf("evil");
        await File.WriteAllLinesAsync(arguments, [ToolFolder.Name, "--reveal"]);
        await ToolRun.BadAsync(3, $"@{arguments} is not in", "key", "show", $"@{arguments}", "--store", Server);

        await ToolRun.GoodAsync("key", "add", "@evil", "--store", Server, "--out", _folder.PathOf("@credential"));
        Assert.Contains(
            "@evil",
            await ToolRun.GoodAsync("key", "show", "@evil", "--store", Server),
            StringComparison.Ordinal
        );
        Assert.Equal(before, Environment.CurrentDirectory);
    }

    [Theory]
    [InlineData("0xFF00", new byte[] { 0xFF, 0x00 })] // no UTF-8
    [InlineData("0x30784646", new byte[] { (byte)'0', (byte)'x', (byte)'F', (byte)'F' })] // text that looks like hex
    [InlineData("0x610A", new byte[] { (byte)'a', (byte)'\n' })]
    [InlineData("größe", new byte[] { (byte)'g', (byte)'r', 0xC3, 0xB6, 0xC3, 0x9F, (byte)'e' })]
    public async Task An_id_is_named_through_its_whole_life_as_it_is_shown(string shown, byte[] id)
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        await ToolRun.GoodAsync("key", "add", shown, "--store", Server, "--out", _folder.PathOf("credential"));
        using (var credential = PreSharedKey.FromCredentialFile(_folder.PathOf("credential")))
            Assert.Equal(id, credential.Id.ToArray());
        JsonElement list = JsonDocument
            .Parse(await ToolRun.GoodAsync("key", "list", "--store", Server, "--json"))
            .RootElement;
        Assert.Equal(shown, Assert.Single(list.EnumerateArray()).GetProperty("id").GetString());

        await ToolRun.GoodAsync("key", "show", shown, "--store", Server);
        await ToolRun.GoodAsync("key", "export", shown, "--store", Server, "--out", _folder.PathOf("exported"));
        await ToolRun.GoodAsync("keygen", shown, "--out", _folder.PathOf("next"));
        await ToolRun.GoodAsync("key", "rotate", shown, "--store", Server, "--credential", _folder.PathOf("next"));
        Assert.Equal("", await ToolRun.GoodAsync("key", "list", "--store", Server, "--ids", "--after", shown));
        await ToolRun.GoodAsync("key", "revoke", shown, "--store", Server);
        await using var store = SqliteKeyStore.Open(Server, ChannelRole.Server);
        Assert.NotNull((await store.DescribeAsync(new ClientId(id)))!.Revoked);
    }

    [Theory]
    [InlineData("0xF")]
    [InlineData("0xsensor")]
    public async Task What_begins_as_hex_and_is_none_is_a_wrong_command_line(string id)
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        foreach (
            string[] command in (string[][])
                [
                    ["key", "show", id, "--store", Server],
                    ["key", "revoke", id, "--store", Server],
                    ["keygen", id, "--out", _folder.PathOf("x")],
                ]
        )
            await ToolRun.BadAsync(2, "in hex", command);
    }

    [Fact]
    public async Task An_argument_that_a_store_refuses_is_told_without_the_names_of_the_program()
    {
        await _folder.ProvisionAsync();
        ToolRun run = await ToolRun.RunAsync(
            "key",
            "rotate",
            ToolFolder.Name,
            "--store",
            Server,
            "--out",
            _folder.PathOf("x"),
            "--evolution",
            "None"
        );
        Assert.Equal(1, run.ExitCode);
        Assert.Matches(
            "^error: The new key of sensor-17 is of protocol V1 and evolution None, "
                + @"the old one of V1 and Forward\.\s*$",
            run.Error
        );
    }

    [Fact]
    public async Task Ids_that_are_revoked_are_listed_in_a_form_from_which_they_are_revoked_again()
    {
        string[] ids = ["a", "0xFF00", "@b", "0x206320", "d"];
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        foreach (string id in ids)
            await ToolRun.GoodAsync(
                "key",
                "add",
                id,
                "--store",
                Server,
                "--out",
                _folder.PathOf(Guid.NewGuid().ToString())
            );
        string backup = _folder.PathOf("backup.keys");
        File.Copy(Server, backup);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(backup, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        foreach (string id in ids[..4])
            await ToolRun.GoodAsync("key", "revoke", id, "--store", Server);
        string list = await ToolRun.GoodAsync("key", "list", "--store", Server, "--revoked", "--ids");
        Assert.Equal(
            ids[..4].Order(StringComparer.Ordinal),
            list.TrimEnd('\r', '\n').Split(Environment.NewLine).Order(StringComparer.Ordinal)
        );
        Assert.Single(
            (await ToolRun.GoodAsync("key", "list", "--store", Server, "--revoked", "--ids", "--limit", "1"))
                .TrimEnd('\r', '\n')
                .Split('\n')
        );

        string file = _folder.PathOf("revoked.list");
        await File.WriteAllTextAsync(file, list + "somebody-else" + Environment.NewLine);
        ToolRun run = await ToolRun.RunAsync("key", "revoke", "--from", file, "--store", backup);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            [$"revoked 4 of the 5 ids in {file}; not in {backup}: 1", $"not in {backup}: somebody-else"],
            run.Error.ReplaceLineEndings("\n").TrimEnd().Split('\n')
        );
        Assert.Equal(list, await ToolRun.GoodAsync("key", "list", "--store", backup, "--revoked", "--ids"));

        await File.WriteAllTextAsync(file, list);
        run = await ToolRun.RunAsync("key", "revoke", "--from", file, "--store", backup);
        Assert.Equal(0, run.ExitCode);
        Assert.Equal($"revoked 0 of the 4 ids in {file}; revoked before: 4", run.Error.TrimEnd());

        await File.WriteAllTextAsync(file, "e" + Environment.NewLine);
        await ToolRun.GoodAsync("key", "add", "e", "--store", backup, "--out", _folder.PathOf("e"));
        run = await ToolRun.RunAsync("key", "revoke", "--from", file, "--store", backup);
        Assert.Equal($"revoked 1 of the 1 ids in {file}", run.Error.TrimEnd());

        await File.WriteAllTextAsync(file, "nobody" + Environment.NewLine);
        run = await ToolRun.RunAsync("key", "revoke", "--from", file, "--store", backup);
        Assert.Equal(
            (3, true),
            (run.ExitCode, run.Error.Contains($"not in {backup}: nobody", StringComparison.Ordinal))
        );

        await File.WriteAllTextAsync(file, "d" + Environment.NewLine + "0xF");
        await ToolRun.BadAsync(2, "0xF", "key", "revoke", "--from", file, "--store", backup);
        Assert.Contains(
            "active",
            await ToolRun.GoodAsync("key", "show", "d", "--store", backup),
            StringComparison.Ordinal
        );
        await ToolRun.BadAsync(2, "whom to revoke", "key", "revoke", "--store", backup);
        await ToolRun.BadAsync(2, "whom to revoke", "key", "revoke", "d", "--from", file, "--store", backup);
        await ToolRun.BadAsync(1, "nowhere", "key", "revoke", "--from", _folder.PathOf("nowhere"), "--store", backup);
    }

    [Fact]
    public async Task An_id_beyond_ASCII_is_listed_in_ASCII_so_that_no_encoding_of_a_console_changes_it()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        await ToolRun.GoodAsync("key", "add", "größe", "--store", Server, "--out", _folder.PathOf("credential"));
        string list = await ToolRun.GoodAsync("key", "list", "--store", Server, "--ids");
        Assert.Equal("0x6772C3B6C39F65", list.TrimEnd());
        await RevokeAsync(list);
    }

    [Fact]
    public async Task A_list_that_was_written_by_hand_may_begin_with_a_byte_order_mark()
    {
        await ToolRun.GoodAsync("store", "init", "--store", Server);
        await ToolRun.GoodAsync("key", "add", "größe", "--store", Server, "--out", _folder.PathOf("credential"));
        await RevokeAsync("\uFEFFgröße\r\n");
    }

    [Fact]
    public async Task A_list_that_is_no_UTF8_revokes_nobody_and_its_line_is_named()
    {
        await _folder.ProvisionAsync();
        string file = _folder.PathOf("list");
        await File.WriteAllBytesAsync(file, [.. "sensor-17\n\ngr"u8, 0xF6, .. "\n"u8]);
        await ToolRun.BadAsync(2, "line 3 of", "key", "revoke", "--from", file, "--store", Server);
        await File.WriteAllTextAsync(file, $"sensor-17\n{new string('a', 513)}\n");
        await ToolRun.BadAsync(2, "line 2 of", "key", "revoke", "--from", file, "--store", Server);
        Assert.Equal("", await ToolRun.GoodAsync("key", "list", "--store", Server, "--revoked", "--ids"));
    }

    [Fact]
    public async Task A_list_is_a_file_of_bounded_size()
    {
        await _folder.ProvisionAsync();
        string file = _folder.PathOf("list");
        await using (FileStream sparse = new(file, FileMode.CreateNew))
            sparse.SetLength((64 << 20) + 1);
        await ToolRun.BadAsync(2, "is longer than", "key", "revoke", "--from", file, "--store", Server);
        if (OperatingSystem.IsWindows())
            return;
        await ToolRun.BadAsync(2, "is longer than", "key", "revoke", "--from", "/dev/zero", "--store", Server);
        await ToolRun.BadAsync(2, "there are no ids", "key", "revoke", "--from", "/dev/null", "--store", Server);
    }

    [SkippableFact]
    public async Task A_list_may_come_from_another_program()
    {
        Skip.If(!File.Exists("/bin/bash"), "There is no bash, whose process substitution this is.");
        await _folder.ProvisionAsync();
        using Process process = Process.Start(
            new ProcessStartInfo(
                "/bin/bash",
                [
                    "-c",
                    "\"$0\" \"$1\" key revoke --from <(sleep 0.2; echo \"$2\") --store \"$3\"",
                    Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                    typeof(ToolProgram).Assembly.Location,
                    ToolFolder.Name,
                    Server,
                ]
            )
            {
                RedirectStandardError = true,
            }
        )!;
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
        Assert.Contains(
            ToolFolder.Name,
            await ToolRun.GoodAsync("key", "list", "--store", Server, "--revoked", "--ids"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_list_may_come_from_standard_input()
    {
        await _folder.ProvisionAsync();
        using Process process = Process.Start(
            new ProcessStartInfo(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                [typeof(ToolProgram).Assembly.Location, "key", "revoke", "--from", "-", "--store", Server]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
            }
        )!;
        await process.StandardInput.WriteAsync(ToolFolder.Name + "\n");
        process.StandardInput.Close();
        string error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, error);
        Assert.Contains(
            ToolFolder.Name,
            await ToolRun.GoodAsync("key", "list", "--store", Server, "--revoked", "--ids"),
            StringComparison.Ordinal
        );
    }

    private async Task RevokeAsync(string list)
    {
        string file = _folder.PathOf("list");
        await File.WriteAllTextAsync(file, list);
        await ToolRun.GoodAsync("key", "revoke", "--from", file, "--store", Server);
        Assert.Contains(
            "0x6772C3B6C39F65",
            await ToolRun.GoodAsync("key", "list", "--store", Server, "--revoked", "--ids"),
            StringComparison.Ordinal
        );
    }
}
