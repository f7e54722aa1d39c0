using System.Text.Json;
using SymRatchet.IntegrationTests.Processes;
using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The attack laboratory as a process, and the document that lists its attacks.</summary>
public sealed class AttacksTests
{
    [Fact]
    public async Task Every_attack_on_both_protocols_has_the_expected_verdict()
    {
        using TemporaryFile json = new("");
        SampleResult run = await SampleProcess.RunAsync("Attacks", "--json", json.Path);

        run.AssertSucceeds();
        JsonElement[] results = Read(json);
        Assert.True(results.Length >= 2 * 24, $"{results.Length} results");
        Assert.All(results, result => Assert.True(result.GetProperty("expected").GetBoolean()));
        Assert.Contains(results, result => Is(result, "replayed-session", "seed", "accepted (known weakness of seed)"));
        Assert.Contains(results, result => Is(result, "replayed-session", "v1", "refused"));
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("seed")]
    public async Task A_live_server_is_attacked_and_goes_on_serving(string protocol)
    {
        await using ServerProcess server = await ServerProcess.StartAsync("--protocol", protocol);
        SampleResult run = await SampleProcess.RunAsync(
            "Attacks",
            "--protocol",
            protocol,
            "--connect",
            $"{server.EndPoint}",
            "replayed-session",
            "insider-round",
            "changed-tag",
            "false-server"
        );

        run.AssertSucceeds();
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task An_attack_that_does_not_exist_is_named() =>
        (await SampleProcess.RunAsync("Attacks", "black-magic")).AssertFails(
            exitCode: 2,
            "There is no attack 'black-magic'"
        );

    [Fact]
    public async Task A_server_that_serves_no_honest_client_is_not_attacked()
    {
        await using ServerProcess seed = await ServerProcess.StartAsync("--protocol", "seed");
        SampleResult run = await SampleProcess.RunAsync(
            "Attacks",
            "--protocol",
            "v1",
            "--connect",
            $"{seed.EndPoint}",
            "changed-tag"
        );
        run.AssertFails(exitCode: 1, "no honest session");
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_told_before_anything_is_tried() =>
        (await SampleProcess.RunAsync("Attacks", "--json", "/nowhere/at/all.json")).AssertFails(
            exitCode: 1,
            "cannot write the results"
        );

    [Fact]
    public async Task A_live_server_is_attacked_in_one_protocol_only() =>
        (await SampleProcess.RunAsync("Attacks", "--connect", "127.0.0.1:1")).AssertFails(
            exitCode: 1,
            "say which with --protocol"
        );

    [Fact]
    public async Task The_document_lists_the_attacks_as_the_program_does()
    {
        using TemporaryFile json = new("");
        (await SampleProcess.RunAsync("Attacks", "--list", "--json", json.Path)).AssertSucceeds();

        string[] rows =
        [
            .. Read(json)
                .Select(attack =>
                    $"| {Text(attack, "attack")} | {Text(attack, "how")} | {Text(attack, "seed")} | "
                    + $"{Text(attack, "v1")} | {Text(attack, "why")} |"
                ),
        ];
        string[] documented =
        [
            .. File.ReadLines(Repository.PathOf("docs", "attacks.md"))
                .SkipWhile(line => line != "<!-- table: attacks -->")
                .Skip(3)
                .TakeWhile(line => line != "<!-- end of table -->"),
        ];
        Assert.Equal(rows, documented);
    }

    private static bool Is(JsonElement result, string attack, string protocol, string verdict) =>
        (Text(result, "attack"), Text(result, "protocol"), Text(result, "verdict")) == (attack, protocol, verdict);

    private static string? Text(JsonElement row, string name) => row.GetProperty(name).GetString();

    private static JsonElement[] Read(TemporaryFile json) =>
        [.. JsonDocument.Parse(File.ReadAllText(json.Path)).RootElement.EnumerateArray()];
}
