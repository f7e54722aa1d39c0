using System.Text.Json;
using System.Xml.Linq;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Benchmarks;

/// <summary>The program that measures peers works. What it measures beside other tests says nothing.</summary>
public sealed class PeersTests : IDisposable
{
    // All but the download of 1 GiB.
    private static readonly string[] Scenarios =
    [
        "seal-64",
        "seal-1024",
        "seal-16384",
        "seal-65536",
        "stream-64KiB",
        "messages-64B",
        "pingpong-64B",
        "connect",
        "allocated-64B",
        "idle-connection",
        "tunnel-64KiB",
        "tunnel-messages-64B",
        "tunnel-pingpong",
        "tunnel-connect",
        "tunnel-idle",
        "http-get",
        "http-connect",
    ];

    // On a machine that is doing something else, too.
    private static readonly TimeSpan Takes = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-peers-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_scenario_of_ours_is_measured_and_drawn()
    {
        string json = Path.Combine(_folder, "run.json");
        await using (
            SampleProcess run = SampleProcess.StartPeers(
                "--seconds",
                "0.05",
                "--idle",
                "100",
                "--json",
                json,
                "--only",
                string.Join(',', Scenarios),
                "--peers",
                "tcp,symratchet-aegis256,symratchet-seed,symratchet-sqlite,symratchet-durable,sslstream,"
                    + "aesgcm-fixed-key,symratchet-tunnel,symratchet-tunnel-multiplex,symratchet-http,https"
            )
        )
        {
            (await run.WaitForExitAsync(Takes)).AssertSucceeds();
        }

        using var results = JsonDocument.Parse(await File.ReadAllTextAsync(json));
        JsonElement[] scenarios = [.. results.RootElement.GetProperty("scenarios").EnumerateArray()];
        Assert.Equal(Scenarios, scenarios.Select(scenario => scenario.GetProperty("name").GetString()));
        foreach (JsonElement scenario in scenarios)
        {
            JsonElement ours = scenario
                .GetProperty("results")
                .EnumerateArray()
                .First(result =>
                    result.GetProperty("peer").GetString()
                        is "symratchet-aegis256"
                            or "symratchet-tunnel"
                            or "symratchet-http"
                );
            Assert.True(ours.GetProperty("min").GetDouble() <= ours.GetProperty("median").GetDouble());
            Assert.True(ours.GetProperty("median").GetDouble() <= ours.GetProperty("max").GetDouble());
            Assert.True(ours.GetProperty("lowerQuartile").GetDouble() <= ours.GetProperty("upperQuartile").GetDouble());
            if (scenario.GetProperty("cpuUnit").ValueKind == JsonValueKind.Null)
                Assert.Equal(JsonValueKind.Null, ours.GetProperty("cpu").ValueKind);
            else
                Assert.True(ours.GetProperty("cpu").GetDouble() > 0);
        }

        Assert.Contains(
            scenarios
                .Single(scenario => scenario.GetProperty("name").GetString() == "connect")
                .GetProperty("results")
                .EnumerateArray(),
            result => result.GetProperty("peer").GetString() == "symratchet-durable"
        );

        await using SampleProcess plot = SampleProcess.StartPeers("plot", json, "--to", _folder);
        SampleResult drawn = await plot.WaitForExitAsync();
        drawn.AssertSucceeds();
        string[] pictures = Directory.GetFiles(_folder, "*.svg");
        Assert.Equal(12, pictures.Length);
        Assert.All(pictures, picture => Assert.Equal("svg", XDocument.Load(picture).Root!.Name.LocalName));
    }

    [Fact]
    public async Task A_first_look_is_quick_and_shows_what_it_cost()
    {
        await using SampleProcess run = SampleProcess.StartPeers(
            "--quick",
            "--only",
            "pingpong-64B",
            "--peers",
            "tcp,symratchet-aegis256"
        );
        SampleResult result = await run.WaitForExitAsync();
        result.AssertSucceeds();
        Assert.Contains(result.Output, line => line.Contains("CPU us/round trip", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--seconds", "0")]
    [InlineData("--idle", "0")]
    public async Task A_number_out_of_range_is_one_line(string option, string value)
    {
        await using SampleProcess run = SampleProcess.StartPeers(option, value);
        SampleResult result = await run.WaitForExitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(option, Assert.Single(result.Error), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_name_is_refused_with_those_that_there_are()
    {
        await using SampleProcess run = SampleProcess.StartPeers("--only", "nothing");
        SampleResult result = await run.WaitForExitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(result.Error, line => line.Contains("there is no 'nothing'", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("# Performance")]
    [InlineData("null")]
    [InlineData("""{ "store": "memory", "clients": 10000 }""")]
    public async Task A_file_of_something_else_is_not_drawn(string text)
    {
        string file = Path.Combine(_folder, "other.json");
        await File.WriteAllTextAsync(file, text);
        await using SampleProcess plot = SampleProcess.StartPeers("plot", file, "--to", _folder);
        SampleResult result = await plot.WaitForExitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("is not what a run", Assert.Single(result.Error), StringComparison.Ordinal);
    }
}
