using System.Text.Json;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary><c>symratchet bench</c>: between two processes, and on one machine alone.</summary>
public sealed class BenchTests : IDisposable
{
    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_direction_and_both_at_once_are_measured_against_a_server_of_its_own()
    {
        await _folder.ProvisionAsync();
        using ToolProcess server = ToolProcess.Start("bench", "--serve", "127.0.0.1:0", "--store", _folder.Server);
        string address = await ServedAsync(server);
        string output = await ToolRun.GoodAsync(
            "bench",
            address,
            "--key",
            _folder.PathOf("credential"),
            "--seconds",
            "0.5",
            "--test",
            "Upload",
            "Download",
            "Simultaneous",
            "--json"
        );
        JsonElement report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(65536, report.GetProperty("size").GetInt32());
        JsonElement[] results = [.. report.GetProperty("results").EnumerateArray()];
        Assert.Equal(
            ["Upload True False", "Download False True", "Simultaneous True True"],
            results.Select(result =>
                $"{result.GetProperty("test").GetString()} {Has(result, "up")} {Has(result, "down")}"
            )
        );
        Assert.All(
            from result in results
            from direction in (string[])["up", "down"]
            where Has(result, direction)
            select result.GetProperty(direction),
            count =>
            {
                Assert.Equal(65536 * count.GetProperty("messages").GetInt64(), count.GetProperty("bytes").GetInt64());
                Assert.True(count.GetProperty("bytesPerSecond").GetDouble() > 0);
                Assert.InRange(count.GetProperty("seconds").GetDouble(), 0.1, 30);
            }
        );

        string[] lines = (
            await ToolRun.GoodAsync(
                "bench",
                address,
                "--key",
                _folder.PathOf("credential"),
                "--seconds",
                "0.1",
                "--size",
                "100"
            )
        )
            .TrimEnd()
            .Split('\n');
        Assert.Matches(@"^127\.0\.0\.1:\d+ as sensor-17: \w+, messages of 100 bytes$", lines[0]);
        Assert.Matches(@"^Upload +[\d.]+ s +[\d.]+ \w+ +[\d.]+ \w+/s +[\d.]+ \w+/s +[\d.]+ \w* ?messages/s$", lines[1]);
        Assert.StartsWith("Download ", lines[2], StringComparison.Ordinal);
        server.Interrupt();
        (int exitCode, string log) = await server.EndAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains("sensor-17 at 127.0.0.1:", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_of_the_credential_is_the_servers_key()
    {
        string client = _folder.PathOf("client");
        await ToolRun.GoodAsync("keygen", "pc", "--out", client);
        File.Copy(client, _folder.PathOf("server"));
        using ToolProcess server = ToolProcess.Start(
            "bench",
            "--serve",
            $"unix:{_folder.PathOf("socket")}",
            "--key",
            _folder.PathOf("server")
        );
        await ServedAsync(server);
        string output = await ToolRun.GoodAsync(
            "bench",
            $"unix:{_folder.PathOf("socket")}",
            "--key",
            client,
            "--seconds",
            "0.1",
            "--suite",
            "Aes256Gcm"
        );
        Assert.Contains(" as pc: Aes256Gcm,", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task This_machine_alone_is_measured_without_a_key()
    {
        JsonElement report = JsonDocument
            .Parse(await ToolRun.GoodAsync("bench", "--local", "--seconds", "0.05", "--json"))
            .RootElement;
        JsonElement[] results = [.. report.EnumerateArray()];
        Assert.Equal(
            ["Aegis256", "Aes256Gcm", "ChaCha20Poly1305"],
            results.Select(result => result.GetProperty("suite").GetString())
        );
        Assert.All(
            from result in results
            from property in result.EnumerateObject()
            where property.Name != "suite"
            select property.Value.GetDouble(),
            rate => Assert.True(rate > 1)
        );
        string table = await ToolRun.GoodAsync("bench", "--local", "--seconds", "0.05", "--suite", "Aes256Gcm");
        Assert.Equal(2, table.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task A_server_of_another_kind_is_told_from_one_of_its_own()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        await ToolRun.BadAsync(
            1,
            "'symratchet bench --serve'",
            "bench",
            server.Address,
            "--key",
            server.Credential,
            "--test",
            "Upload",
            "--seconds",
            "0.05",
            "--size",
            "10",
            "--json"
        );
    }

    [Fact]
    public async Task What_is_to_be_measured_must_be_said()
    {
        await ToolRun.BadAsync(2, "say what to measure", "bench");
        await ToolRun.BadAsync(2, "say what to measure", "bench", "a:1", "--local");
        await ToolRun.BadAsync(2, "--key FILE", "bench", "127.0.0.1:1");
        await ToolRun.BadAsync(2, "--seconds is 0", "bench", "--local", "--seconds", "0");
        await ToolRun.BadAsync(2, "name the store", "bench", "--serve", "127.0.0.1:0");
    }

    private static bool Has(JsonElement result, string direction) =>
        result.GetProperty(direction).ValueKind != JsonValueKind.Null;

    /// <returns>The address that the server says that it listens on.</returns>
    private static async Task<string> ServedAsync(ToolProcess server) =>
        (await server.Lines.ReadLineAsync().WaitAsync(ToolProcess.Limit))!.Split([' ', ';'])[2];
}
