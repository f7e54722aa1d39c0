using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SymRatchet.Tool.Tests.Running;

namespace SymRatchet.Tool.Tests;

/// <summary><c>symratchet ping</c>: its lines, its summary and its exit code.</summary>
public sealed partial class PingTests : IDisposable
{
    private readonly ToolFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_shows_the_handshake_each_answer_and_a_summary()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        string output = await ToolRun.GoodAsync(
            "ping",
            server.Address,
            "--key",
            server.Credential,
            "--count",
            "3",
            "--interval",
            "0.01"
        );
        string[] lines = output.TrimEnd().Split('\n');
        Assert.Equal(9, lines.Length);
        Assert.Equal($"PING {server.Address} as {ToolFolder.Name}", lines[0]);
        Assert.Matches(@"^connected in [\d.]+ ms, handshake in [\d.]+ ms: \w+, epoch 0$", lines[1]);
        double[] times = [.. lines[2..5].Select((line, index) => Parse(Answer().Match(line), $"{index + 1}"))];
        Assert.Equal("3 sent, 3 answered, 0% loss", lines[7]);
        Match summary = Summary().Match(lines[8]);
        Assert.Equal(times.Min(), Number(summary.Groups[1]));
        Assert.Equal(times.Average(), Number(summary.Groups[2]), 0.002);
        Assert.Equal(times.Max(), Number(summary.Groups[3]));
        Assert.InRange(Number(summary.Groups[4]), 0, times.Max() - times.Min());
    }

    [Fact]
    public async Task An_interrupt_ends_it_with_the_summary()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        using ToolProcess tool = ToolProcess.Start(
            "ping",
            server.Address,
            "--key",
            server.Credential,
            "--interval",
            "0.05"
        );
        while (!(await tool.Lines.ReadLineAsync())!.StartsWith("seq=3 ", StringComparison.Ordinal))
            continue;
        tool.Interrupt();
        string rest = await tool.Lines.ReadToEndAsync().WaitAsync(ToolProcess.Limit);
        Assert.Contains(" 0% loss\nround trip min/avg/max/mdev = ", rest, StringComparison.Ordinal);
        Assert.Equal((0, ""), await tool.EndAsync());
    }

    [Fact]
    public async Task It_is_JSON_for_scripts()
    {
        await using ServedChannels server = new(_folder, ServedChannels.EchoAsync);
        JsonElement report = JsonDocument
            .Parse(
                await ToolRun.GoodAsync(
                    "ping",
                    server.Address,
                    "--key",
                    server.Credential,
                    "--count",
                    "2",
                    "--interval",
                    "0.01",
                    "--json"
                )
            )
            .RootElement;
        Assert.Equal(ToolFolder.Name, report.GetProperty("clientId").GetString());
        Assert.True(Enum.TryParse(report.GetProperty("suite").GetString(), out CipherSuiteId _));
        Assert.Equal(0, report.GetProperty("epoch").GetInt64());
        Assert.Equal(2, report.GetProperty("answered").GetInt32());
        Assert.Equal(0, report.GetProperty("lossPercent").GetDouble());
        Assert.True(report.GetProperty("handshake").GetDouble() > 0);
        double[] times = [.. report.GetProperty("roundTrips").EnumerateArray().Select(time => time.GetDouble())];
        Assert.Equal(times.Max(), report.GetProperty("max").GetDouble());
    }

    [Fact]
    public async Task A_server_that_does_not_receive_loses_every_ping()
    {
        await using ServedChannels server = new(
            _folder,
            (_, cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken)
        );
        ToolRun run = await ToolRun.RunAsync(
            "ping",
            server.Address,
            "--key",
            server.Credential,
            "--count",
            "2",
            "--interval",
            "0.01",
            "--wait",
            "0.2"
        );
        Assert.Equal((1, "error: no answer\n"), (run.ExitCode, run.Error));
        Assert.Contains("seq=2 no answer within 0.2 s", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("2 sent, 0 answered, 100% loss\n", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_says_is_no_hindrance_and_its_end_is_told()
    {
        await using ServedChannels server = new(
            _folder,
            async (channel, cancellationToken) =>
            {
                await channel.SendAsync(new byte[100_000], cancellationToken);
                using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(
                    cancellationToken
                );
                limit.CancelAfter(TimeSpan.FromSeconds(1));
                await channel.ReceiveMessageAsync(limit.Token);
            }
        );
        ToolRun run = await ToolRun.RunAsync("ping", server.Address, "--key", server.Credential, "--interval", "0.01");
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("error: the channel ended: The peer ended the session.", run.Error, StringComparison.Ordinal);
        Assert.Contains("seq=2 time=", run.Output, StringComparison.Ordinal);
        Assert.Contains("--- ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_out_of_range_is_an_error_of_usage()
    {
        await ToolRun.BadAsync(2, "--count is 0", "ping", "a:1", "--key", "k", "--count", "0");
        await ToolRun.BadAsync(2, "--interval is 0", "ping", "a:1", "--key", "k", "--interval", "0");
        await ToolRun.BadAsync(2, "--timeout is NaN", "ping", "a:1", "--key", "k", "--timeout", "NaN");
    }

    private static double Parse(Match answer, string sequence)
    {
        Assert.Equal(sequence, answer.Groups[1].Value);
        return Number(answer.Groups[2]);
    }

    private static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^seq=(\d+) time=(\d+\.\d{3}) ms$")]
    private static partial Regex Answer();

    [GeneratedRegex(@"^round trip min/avg/max/mdev = ([\d.]+)/([\d.]+)/([\d.]+)/([\d.]+) ms$")]
    private static partial Regex Summary();
}
