using System.Text.Json;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Benchmarks;

/// <summary>
/// Many clients of one server, as <c>soak</c> holds them. What it measures beside other tests says nothing.
/// </summary>
public sealed class SoakTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-soak-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Many_clients_stay_connected_without_an_error()
    {
        string json = Path.Combine(_folder, "soak.json");
        await using SampleProcess soak = SampleProcess.StartPeers(
            "soak",
            "--clients",
            "50",
            "--seconds",
            "2",
            "--interval",
            "0.5",
            "--json",
            json
        );
        SampleResult result = await soak.WaitForExitAsync();
        result.AssertSucceeds();
        Assert.Contains(result.Output, line => line.Contains("p99 ", StringComparison.Ordinal));

        using var measured = JsonDocument.Parse(await File.ReadAllTextAsync(json));
        JsonElement root = measured.RootElement;
        Assert.Equal(50, root.GetProperty("clients").GetInt32());
        Assert.Equal(0, root.GetProperty("errors").GetInt64());
        Assert.InRange(root.GetProperty("roundTripCount").GetInt64(), 50, 250);
        JsonElement times = root.GetProperty("milliseconds");
        Assert.True(times.GetProperty("p50").GetDouble() > 0);
        Assert.True(times.GetProperty("p50").GetDouble() <= times.GetProperty("max").GetDouble());
        Assert.All(
            (string[])["server", "client"],
            side =>
            {
                JsonElement use = root.GetProperty(side);
                Assert.True(use.GetProperty("cpuSeconds").GetDouble() > 0);
                Assert.NotEqual(0, use.GetProperty("idleHeapKiB").GetDouble());
                Assert.All(use.GetProperty("memoryMiB").EnumerateArray(), look => Assert.True(look.GetInt64() > 0));
            }
        );
    }

    [Fact]
    public async Task More_clients_than_open_files_are_refused_with_what_to_do()
    {
        await using SampleProcess soak = SampleProcess.StartPeers("soak", "--clients", "4000000");
        SampleResult result = await soak.WaitForExitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("`ulimit -n 4000300`", Assert.Single(result.Error), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--clients", "0")]
    [InlineData("--interval", "0")]
    [InlineData("--seconds", "100000")]
    [InlineData("--clients", "many")]
    public async Task A_number_out_of_range_is_one_line(string option, string value)
    {
        await using SampleProcess soak = SampleProcess.StartPeers("soak", option, value);
        SampleResult result = await soak.WaitForExitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(option, Assert.Single(result.Error), StringComparison.Ordinal);
    }
}
