using System.Text.Json;
using SymRatchet.IntegrationTests.Processes;

namespace SymRatchet.IntegrationTests.Benchmarks;

/// <summary>A server that is killed under its clients, as <c>storm</c> does it, with few of them.</summary>
public sealed class StormTests : IDisposable
{
    private static readonly TimeSpan Takes = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("symratchet-storm-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("memory", 0)]
    [InlineData("sqlite", 5)]
    public async Task Every_client_comes_back(string store, int strangers)
    {
        string json = Path.Combine(_folder, "storm.json");
        await using SampleProcess storm = SampleProcess.StartPeers(
            "storm",
            "--clients",
            "20",
            "--store",
            store,
            "--strangers",
            $"{strangers}",
            "--addresses",
            "3",
            "--folder",
            _folder,
            "--json",
            json
        );
        (await storm.WaitForExitAsync(Takes)).AssertSucceeds();
        Assert.Equal([json], Directory.GetFileSystemEntries(_folder));

        using var measured = JsonDocument.Parse(await File.ReadAllTextAsync(json));
        JsonElement root = measured.RootElement;
        Assert.Equal(20, root.GetProperty("back").GetInt32());
        Assert.Equal(0, root.GetProperty("over").GetInt32());
        Assert.True(root.GetProperty("longest").GetDouble() >= root.GetProperty("half").GetDouble());
        Assert.True(root.GetProperty("half").GetDouble() > 0);
        Assert.True(root.GetProperty("strangersOpened").GetInt32() >= strangers);
        Assert.True(root.GetProperty("serverCpuSeconds").GetDouble() > 0);
    }

    [Fact]
    public async Task A_share_of_the_clients_that_has_not_come_back_has_no_time()
    {
        string json = Path.Combine(_folder, "storm.json");
        await using SampleProcess storm = SampleProcess.StartPeers(
            "storm",
            "--clients",
            "200",
            "--store",
            "memory",
            "--limit",
            "0.001",
            "--folder",
            _folder,
            "--json",
            json
        );
        SampleResult result = await storm.WaitForExitAsync(Takes);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(result.Output, line => line.Contains("not reached", StringComparison.Ordinal));

        using var measured = JsonDocument.Parse(await File.ReadAllTextAsync(json));
        Assert.True(measured.RootElement.GetProperty("back").GetInt32() < 200);
        Assert.Equal(JsonValueKind.Null, measured.RootElement.GetProperty("longest").ValueKind);
    }

    [Theory]
    [InlineData("--clients", "0", "--clients is 0; it must be 1 or more.")]
    [InlineData("--strangers", "-1", "--strangers is -1; it must be 0 or more.")]
    [InlineData("--addresses", "251", "--addresses is 251; it must be 250 or less.")]
    [InlineData("--store", "paper", "paper")]
    [InlineData("--clients", "1000000", "`ulimit -n 1000300`")]
    public async Task What_cannot_be_done_is_one_line(string option, string value, string said)
    {
        await using SampleProcess storm = SampleProcess.StartPeers("storm", option, value);
        SampleResult result = await storm.WaitForExitAsync();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(said, Assert.Single(result.Error), StringComparison.Ordinal);
    }
}
