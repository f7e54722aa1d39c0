using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using SymRatchet.IntegrationTests.Processes;
using SymRatchet.TestKit;

namespace SymRatchet.IntegrationTests.Samples;

/// <summary>The server and the client sample as they are meant to be used.</summary>
public sealed class ServerAndClientTests
{
    [Theory]
    [InlineData("v1")]
    [InlineData("seed")]
    public async Task A_client_sends_the_weather_for_three_rounds_and_hears_the_mean(string protocol)
    {
        await using var server = await ServerProcess.StartAsync("--protocol", protocol);
        SampleResult client = await server.RunClientAsync("2");

        double[] highs =
        [
            .. File.ReadLines(Repository.PathOf("samples", "data", "seattle-weather.csv"))
                .Skip(1 + 60)
                .Take(15)
                .Select(row => double.Parse(row.Split(',')[2], CultureInfo.InvariantCulture)),
        ];
        client.AssertSucceeds();
        Assert.Equal(
            highs
                .Chunk(5)
                .Select(
                    (day, round) =>
                        string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: aggregate {day.Average():F2}")
                ),
            client.Output
        );
    }

    [Theory]
    [InlineData("mean", "12.00")]
    [InlineData("sum", "60.00")]
    [InlineData("median", "3.50")]
    [InlineData("min", "-4.00")]
    [InlineData("max", "50.00")]
    [InlineData("weighted-mean", "12.00")]
    public async Task The_server_aggregates_as_it_is_told(string aggregate, string expected)
    {
        using TemporaryFile data = new("when,\"what, exactly\"\nmon,3.5\ntue,-4\nwed,8\nthu,50\nfri,2.5\n");
        await using var server = await ServerProcess.StartAsync("--protocol", "seed", "--aggregate", aggregate);
        SampleResult client = await server.RunClientAsync(
            "1",
            "--data",
            data.Path,
            "--column",
            "what, exactly",
            "--rounds",
            "2",
            "--interval",
            "1"
        );
        client.AssertSucceeds();
        Assert.Equal([$"round 1: aggregate {expected}", $"round 2: aggregate {expected}"], client.Output);
        await server.Process.WaitForOutputAsync($"round 2: aggregate {expected} over 5 numbers of 1 clients");
    }

    [Fact]
    public async Task Clients_that_are_there_together_are_aggregated_together_until_one_leaves()
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        await using var one = await FieldVisit.ConnectAsync(server, 1);
        await using var two = await FieldVisit.ConnectAsync(server, 2);
        Assert.Equal("Aggregated: 10.00", await one.RoundAsync("10"));
        Assert.Equal("Aggregated: 20.00", await two.RoundAsync("20, 30"));
        Assert.Equal("Aggregated: 1.00", await one.RoundAsync("1"));
        await one.Channel.CloseAsync();
        await server.Process.WaitForErrorAsync("client 1 ended after 2 rounds");
        Assert.Equal("Aggregated: 7.00", await two.RoundAsync("7"));
    }

    [Fact]
    public async Task A_keys_file_gives_clients_keys_and_weights()
    {
        using TemporaryFile keys = new(
            "\uFEFF# id key weight\r\n"
                + "17 000102030405060708090a0b0c0d0e0f 3\r\n\r\n255\tFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF # no weight\n"
        );
        await using var server = await ServerProcess.StartAsync(
            "--protocol",
            "seed",
            "--keys",
            keys.Path,
            "--aggregate",
            "weighted-mean"
        );
        using var heavyKey = PreSharedKey.ForSeed(17, [.. Enumerable.Range(0, 16).Select(i => (byte)i)]);
        using var lightKey = PreSharedKey.ForSeed(255, [.. Enumerable.Repeat((byte)0xff, 16)]);
        await using var heavy = await FieldVisit.ConnectAsync(server, heavyKey);
        await using var light = await FieldVisit.ConnectAsync(server, lightKey);
        Assert.Equal("Aggregated: 10.00", await heavy.RoundAsync("10"));
        Assert.Equal("Aggregated: 8.00", await light.RoundAsync("2"));

        SampleResult client = await server.RunClientAsync("17", "--keys", keys.Path, "--rounds", "1");
        client.AssertSucceeds();
    }

    [Fact]
    public async Task Rounds_can_wait_for_everybody()
    {
        await using var server = await ServerProcess.StartAsync(
            "--protocol",
            "seed",
            "--close",
            "all-present",
            "--quorum",
            "2"
        );
        SampleResult[] clients = await Task.WhenAll(server.RunClientAsync("1"), server.RunClientAsync("5"));
        Assert.All(clients, client => client.AssertSucceeds());
        Assert.Equal(3, clients[0].Output.Length);
        Assert.Equal(clients[0].Output, clients[1].Output);
    }

    [Theory]
    [InlineData(PosixSignal.SIGINT)]
    [InlineData(PosixSignal.SIGTERM)]
    public async Task A_signal_stops_the_server_in_order(PosixSignal signal)
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        await using var idle = await FieldVisit.ConnectAsync(server, 1);
        await idle.RoundAsync("1");
        await using SampleProcess client = SampleProcess.Start(
            "Client",
            "2",
            "--connect",
            $"{server.EndPoint}",
            "--protocol",
            "seed",
            "--rounds",
            "1000",
            "--interval",
            "100"
        );
        await client.WaitForOutputAsync("round 2");
        server.Process.Signal(signal);

        SampleResult stopped = await server.Process.WaitForExitAsync();
        Assert.Equal(0, stopped.ExitCode);
        Assert.Contains(
            stopped.Error,
            line => line.Contains("Stopping: every session is ended in order.", StringComparison.Ordinal)
        );
        Assert.False(await idle.Channel.ReceiveAsync(new System.Buffers.ArrayBufferWriter<byte>())); // a close, proven

        (await client.WaitForExitAsync()).AssertFails(1, "of 1000 rounds were answered: ");
    }

    [Fact]
    public async Task A_client_that_is_interrupted_says_so()
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed");
        await using SampleProcess client = SampleProcess.Start(
            "Client",
            "2",
            "--connect",
            $"{server.EndPoint}",
            "--protocol",
            "seed",
            "--rounds",
            "1000",
            "--interval",
            "60000"
        );
        await client.WaitForOutputAsync("round 1");
        client.Signal(PosixSignal.SIGINT);
        (await client.WaitForExitAsync()).AssertFails(130, "interrupted");
        await server.Process.WaitForErrorAsync("client 2");
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task The_log_can_be_read_by_programs()
    {
        await using var server = await ServerProcess.StartAsync("--protocol", "seed", "--log", "json");
        await server.AssertServesAsync();
        string line = await server.Process.WaitForErrorAsync("\"EventId\":107");
        using var entry = JsonDocument.Parse(line);
        Assert.Equal("3", entry.RootElement.GetProperty("State").GetProperty("Client").GetString());
        Assert.Equal(3, entry.RootElement.GetProperty("State").GetProperty("Rounds").GetInt64());
    }

    [Theory]
    [InlineData("Server", "--aggregate")]
    [InlineData("Client", "--interval")]
    public async Task Help_names_the_options(string sample, string option)
    {
        SampleResult help = await SampleProcess.RunAsync(sample, "--help");
        help.AssertSucceeds();
        Assert.Contains(help.Output, line => line.Contains(option, StringComparison.Ordinal));
    }
}
