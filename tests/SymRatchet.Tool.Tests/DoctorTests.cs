using System.Text.Json;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary><c>symratchet doctor</c>: what it finds, says and returns; and that it changes nothing.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly ToolFolder _folder = new();

    private string Credential => _folder.PathOf("credential");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_machine_is_looked_at_without_a_key()
    {
        List<Finding> found = await LookAsync();
        Assert.Equal(
            ["libsodium", "suites", "AES hardware", "clock", "open files"],
            found.Select(finding => finding.Name)
        );
        Assert.Contains("version 1.", found[0].Text, StringComparison.Ordinal);
        Assert.Equal("Aegis256, Aes256Gcm, ChaCha20Poly1305", found[1].Text);
        Assert.DoesNotContain(found, finding => finding.State == "Fail");
    }

    [Fact]
    public async Task What_is_in_order_is_OK_and_the_credential_stays_one()
    {
        await _folder.ProvisionAsync();
        byte[] before = await File.ReadAllBytesAsync(Credential);
        List<Finding> found = await LookAsync("--key", Credential, "--store", _folder.Server);
        Assert.Contains(
            found,
            finding =>
                finding.Name == $"key {Credential}"
                && finding.State == "Ok"
                && finding.Text.StartsWith("a credential of sensor-17", StringComparison.Ordinal)
        );
        Assert.Contains(
            found,
            finding =>
                finding.Name == $"store {_folder.Server}"
                && finding.Text == "a store of the Server; clients: 1, revoked: 0"
        );
        Assert.Contains(
            found,
            finding => finding.Text == "files can be made in it and written to the disk" && finding.State == "Ok"
        );
        Assert.DoesNotContain(found, finding => finding.State == "Fail");
        Assert.Equal(before, await File.ReadAllBytesAsync(Credential));
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Path.GetDirectoryName(Credential)!),
            file => file.Contains("doctor", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_key_is_looked_at_with_the_id_of_its_client_too()
    {
        await _folder.ProvisionAsync();
        Assert.Equal(("Ok", "a store of clients with sensor-17, epoch 0"), await OfAsync(_folder.Client, "sensor-17"));
        Assert.Equal(("Fail", "sensor-18 is not in it"), await OfAsync(_folder.Client, "sensor-18"));
        Assert.Equal(("Fail", "it is the key of sensor-17, not of sensor-18"), await OfAsync(Credential, "sensor-18"));
        Assert.Equal("Ok", (await OfAsync(Credential, "sensor-17")).State);
        await using (await KeyFile.OpenAsync(Credential))
        {
            // It is a key file now.
        }

        Assert.Equal(("Ok", "the key file of sensor-17, epoch 0"), await OfAsync(Credential, "sensor-17"));
        Assert.Equal(("Fail", "it is the key of sensor-17, not of sensor-18"), await OfAsync(Credential, "sensor-18"));

        await ToolRun.GoodAsync("key", "revoke", "sensor-17", "--store", Credential);
        Assert.Equal(("Fail", "the key of sensor-17 is revoked"), await OfAsync(Credential, "sensor-17"));
        await ToolRun.GoodAsync("key", "revoke", "sensor-17", "--store", _folder.Client, "--role", "Client");
        Assert.Equal(("Fail", "the key of sensor-17 is revoked"), await OfAsync(_folder.Client, "sensor-17"));

        async Task<(string State, string Text)> OfAsync(string file, string id)
        {
            Finding found = (await LookAsync("--key", file, "--id", id)).First(finding =>
                finding.Name == $"key {file}"
            );
            return (found.State, found.Text);
        }
    }

    [Fact]
    public async Task A_key_that_everybody_can_read_fails_and_it_says_what_to_do()
    {
        if (OperatingSystem.IsWindows())
            return; // access rights there are those of the folder

        await _folder.ProvisionAsync();
        File.SetUnixFileMode(Credential, (UnixFileMode)0b110_100_100);
        ToolRun run = await ToolRun.RunAsync("doctor", "--key", Credential);
        Assert.Equal((1, ""), (run.ExitCode, run.Error));
        Assert.Contains(
            $"FAIL  key {Credential}: {Credential} holds a key and may be used by others than its owner",
            run.Output,
            StringComparison.Ordinal
        );
        Assert.Contains(
            $"chmod 600 {Credential}\n      do that; if others may have read it, rotate the key\n",
            run.Output,
            StringComparison.Ordinal
        );
        File.SetUnixFileMode(_folder.Server, (UnixFileMode)0b110_100_100);
        Finding store = Assert.Single(await LookAsync("--store", _folder.Server), finding => finding.State == "Fail");
        Assert.Contains("holds keys and may be used by others", store.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_or_of_the_wrong_kind_fails()
    {
        await _folder.ProvisionAsync();
        Assert.Equal("there is no such file", (await FailureAsync("--key", _folder.PathOf("none"))).Text);
        Assert.Equal("it is a SQLite store", (await FailureAsync("--key", _folder.Client)).Text);
        await File.WriteAllTextAsync(_folder.PathOf("text"), "hello");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.PathOf("text"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(
            "it is neither a credential nor a key file",
            (await FailureAsync("--key", _folder.PathOf("text"))).Text
        );

        Assert.Contains(
            "There is no key store",
            (await FailureAsync("--store", _folder.PathOf("none"))).Text,
            StringComparison.Ordinal
        );
        Assert.EndsWith(
            "A key serves one role only. (--role Client)",
            (await FailureAsync("--store", _folder.Client)).Text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(
            await LookAsync("--store", _folder.Client, "--role", "Client"),
            finding => finding.State == "Fail"
        );

        await ToolRun.GoodAsync("store", "init", "--store", Credential, "--role", "Server");
        Assert.Contains("one role only", (await FailureAsync("--key", Credential)).Text, StringComparison.Ordinal);
        await ToolRun.BadAsync(2, "--key FILE", "doctor", "--connect", "a:1");
    }

    [Fact]
    public async Task A_store_without_a_client_and_a_key_file_in_use_are_warnings()
    {
        await ToolRun.GoodAsync("store", "init", "--store", _folder.Server);
        Assert.Contains(
            await LookAsync("--store", _folder.Server),
            finding =>
                finding is { State: "Warn", Text: "a store of the Server; clients: 0, revoked: 0" }
                && finding.Advice!.Contains("key add", StringComparison.Ordinal)
        );
        await ToolRun.GoodAsync("keygen", ToolFolder.Name, "--out", Credential);
        await using (await KeyFile.OpenAsync(Credential))
            Assert.Contains(
                await LookAsync("--key", Credential),
                finding => finding is { State: "Warn", Text: "a program has it open" }
            );
        Assert.Contains(
            await LookAsync("--key", Credential),
            finding => finding is { State: "Ok", Text: "the key file of sensor-17, epoch 0" }
        );
    }

    [Fact]
    public async Task A_folder_that_others_may_write_to_is_a_warning()
    {
        if (OperatingSystem.IsWindows())
            return; // access rights there are those of the folder

        string folder = Directory.CreateDirectory(_folder.PathOf("open")).FullName;
        string key = Path.Combine(folder, "credential");
        await ToolRun.GoodAsync("keygen", ToolFolder.Name, "--out", key);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        Assert.Contains(
            await LookAsync("--key", key),
            finding => finding is { State: "Warn", Text: "others may write to it, and so exchange its files" }
        );
    }

    [Fact]
    public async Task A_server_is_connected_to_and_its_refusal_is_explained()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        List<Finding> found = await LookAsync("--key", server.Credential, "--connect", server.Address);
        Assert.Equal(["Ok", "Ok"], found[^2..].Select(finding => finding.State));
        Assert.Matches(@"^connected in .* handshake in .* as sensor-17: \w+, epoch 0$", found[^2].Text);
        Assert.StartsWith("round trip ", found[^1].Text, StringComparison.Ordinal);

        string wrong = _folder.PathOf("wrong");
        await ToolRun.GoodAsync("keygen", ToolFolder.Name, "--out", wrong);
        Finding refused = await FailureAsync("--key", wrong, "--connect", server.Address);
        Assert.Contains("(Refused)", refused.Text, StringComparison.Ordinal);
        Assert.Contains("event 2", refused.Advice, StringComparison.Ordinal);

        string nobody = $"127.0.0.1:{ToolProcess.FreePort()}";
        Finding unreachable = await FailureAsync("--key", wrong, "--connect", nobody);
        Assert.StartsWith($"cannot connect to {nobody}:", unreachable.Text, StringComparison.Ordinal);
        Assert.Contains("firewall", unreachable.Advice, StringComparison.Ordinal);
    }

    private static async Task<Finding> FailureAsync(params string[] args) =>
        Assert.Single(await LookAsync(args), finding => finding.State == "Fail");

    /// <summary>Runs it as JSON, and checks that its exit code is that of the worst.</summary>
    private static async Task<List<Finding>> LookAsync(params string[] args)
    {
        ToolRun run = await ToolRun.RunAsync(["doctor", "--json", .. args]);
        Assert.Equal("", run.Error);
        JsonElement report = JsonDocument.Parse(run.Output).RootElement;
        List<Finding> found =
        [
            .. report
                .GetProperty("checks")
                .EnumerateArray()
                .Select(check => new Finding(
                    check.GetProperty("name").GetString()!,
                    check.GetProperty("state").GetString()!,
                    check.GetProperty("finding").GetString()!,
                    check.GetProperty("advice").GetString()
                )),
        ];
        string worst =
            found.Exists(finding => finding.State == "Fail") ? "Fail"
            : found.Exists(finding => finding.State == "Warn") ? "Warn"
            : "Ok";
        Assert.Equal(worst, report.GetProperty("worst").GetString());
        Assert.Equal(
            worst switch
            {
                "Fail" => 1,
                "Warn" => 4,
                _ => 0,
            },
            run.ExitCode
        );
        Assert.All(found, finding => Assert.Equal(finding.State == "Ok", finding.Advice is null));
        return found;
    }

    private sealed record Finding(string Name, string State, string Text, string? Advice);
}
