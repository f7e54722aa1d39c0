using Microsoft.Extensions.Time.Testing;
using SymRatchet.TestKit;

namespace SymRatchet.Aggregation.Tests;

/// <summary>Rounds over real channels in memory.</summary>
public sealed class AggregationServerTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly ListLoggerFactory _log = new();

    [Theory]
    [InlineData(ChannelProtocol.V1)]
    [InlineData(ChannelProtocol.Seed)]
    public async Task Rounds_are_answered_until_the_client_closes(ChannelProtocol protocol)
    {
        using AggregationServer server = Server(RoundClosing.Immediately);
        await using Visit visit = await Visit.StartAsync(server, 1, protocol);
        Assert.Equal("Aggregated: 2.00", await visit.RoundAsync("1, 2, 3"));
        Assert.Equal("Aggregated: -0.50", await visit.RoundAsync("-0.5"));
        await visit.Client.CloseAsync();

        SessionSummary summary = await visit.Serving.WaitAsync(Minute);
        Assert.Equal((SessionEnd.ClosedByClient, 2L), (summary.End, summary.Rounds));
        Assert.Empty(server.Present);
        Assert.Equal([1L, 2], server.History.Select(round => round.Number));
    }

    [Theory]
    [InlineData(ChannelProtocol.V1)]
    [InlineData(ChannelProtocol.Seed)]
    public async Task A_bad_contribution_ends_that_session_only_and_is_logged_with_its_reason(ChannelProtocol protocol)
    {
        using AggregationServer server = Server(RoundClosing.Immediately);
        await using Visit good = await Visit.StartAsync(server, 1, protocol);
        await using Visit bad = await Visit.StartAsync(server, 2, protocol);
        Assert.Equal("Aggregated: 1.00", await good.RoundAsync("1"));
        Assert.Equal("Aggregated: 3.00", await bad.RoundAsync("5"));
        await bad.SendAsync("secretword, NaN");

        SessionSummary summary = await bad.Serving.WaitAsync(Minute);
        Assert.Equal(
            (SessionEnd.BadContribution, 1L, "number 1 of 2 is not a decimal number"),
            (summary.End, summary.Rounds, summary.Detail)
        );
        var e = await Assert.ThrowsAsync<SecureChannelException>(() => bad.ReceiveAsync());
        Assert.Equal(SecureChannelError.TerminatedByPeer, e.Error);
        Assert.Contains(
            _log.Lines,
            line =>
                line.Contains("BadContribution", StringComparison.Ordinal)
                && line.Contains("client 2", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(_log.Lines, line => line.Contains("secretword", StringComparison.Ordinal));

        // the numbers of the one who was terminated are gone
        Assert.Equal("Aggregated: 7.00", await good.RoundAsync("7"));
    }

    [Theory]
    [InlineData(ChannelProtocol.V1)]
    [InlineData(ChannelProtocol.Seed)]
    public async Task A_client_that_vanishes_in_mid_round_is_noticed_and_no_longer_waited_for(ChannelProtocol protocol)
    {
        using AggregationServer server = Server(RoundClosing.WhenAllPresent(atLeast: 2));
        await using Visit a = await Visit.StartAsync(server, 1, protocol);
        await using Visit b = await Visit.StartAsync(server, 2, protocol);
        await using Visit c = await Visit.StartAsync(server, 3, protocol);
        await a.SendAsync("1");
        await b.SendAsync("3");
        await c.SendAsync("1000"); // the last: the round closes
        Assert.Equal("Aggregated: 334.67", await c.ReceiveAsync());
        await a.ReceiveAsync();
        await b.ReceiveAsync();

        await a.SendAsync("1");
        await c.SendAsync("1000");
        await c.Client.DisposeAsync();
        SessionSummary gone = await c.Serving.WaitAsync(Minute);
        Assert.NotEqual(SessionEnd.Stopped, gone.End);
        Assert.Equal(gone.End == SessionEnd.ChannelFailed, gone.Error != SecureChannelError.None);
        Assert.Equal(2, server.Present.Count);
        await b.SendAsync("3");
        Assert.Equal("Aggregated: 2.00", await a.ReceiveAsync());
        Assert.Equal("Aggregated: 2.00", await b.ReceiveAsync());
    }

    [Fact]
    public async Task A_round_closes_by_time()
    {
        using AggregationServer server = Server(RoundClosing.After(TimeSpan.FromSeconds(5)));
        await using Visit a = await Visit.StartAsync(server, 1);
        await a.SendAsync("4");
        Task<string?> answer = a.ReceiveAsync();
        await UntilAsync(() => _log.Lines.Any(line => line.Contains("contributed", StringComparison.Ordinal)));
        Assert.False(answer.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal("Aggregated: 4.00", await answer.WaitAsync(Minute));
    }

    [Fact]
    public async Task A_round_can_be_closed_by_hand()
    {
        using AggregationServer server = Server(RoundClosing.AtQuorum(10));
        await using Visit a = await Visit.StartAsync(server, 1);
        await a.SendAsync("4");
        await UntilAsync(() => server.Open is { Clients: 1, Present: 1, Number: 1 });
        Assert.True(server.CloseRound());
        Assert.Equal("Aggregated: 4.00", await a.ReceiveAsync());
        Assert.Null(server.Open);
    }

    [Theory]
    [InlineData("field 7", "field 7")]
    [InlineData("0x37", "0x30783337")] // not to be taken for the id that is the byte 37
    public async Task A_client_has_one_name_for_those_who_watch(string id, string expected)
    {
        using var key = PreSharedKey.Import(ClientId.FromUtf8(id), new byte[PreSharedKey.Size]);
        using InMemoryKeyStore store = new(ChannelRole.Server);
        store.Add(key);
        await using ChannelPair channels = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Key = key },
            new SecureChannelServerOptions { Keys = store }
        );
        using AggregationServer server = Server(RoundClosing.Immediately);
        Task serving = server.ServeAsync(channels.Server);
        Assert.Equal(expected, channels.Server.Peer.ClientId.ToString());
        Assert.Equal(expected, Assert.Single(server.Present).Client);
        await channels.Client.DisposeAsync();
        await serving;
    }

    [Fact]
    public async Task Logs_that_are_told_to_name_no_client_name_none()
    {
        using var key = PreSharedKey.Generate("field-station");
        using InMemoryKeyStore store = new(ChannelRole.Server);
        store.Add(key);
        await using ChannelPair channels = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Key = key },
            new SecureChannelServerOptions { Keys = store }
        );
        using AggregationServer server = new(
            new AggregationServerOptions { LoggerFactory = _log, HashIdsInLogs = true }
        );
        Task serving = server.ServeAsync(channels.Server);
        await channels.Client.SendAsync("no number"u8.ToArray());
        await serving;
        Assert.All(_log.Lines, line => Assert.Contains(key.Id.ToHash(), line, StringComparison.Ordinal));
        Assert.DoesNotContain(_log.Lines, line => line.Contains("field-station", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_silent_client_is_let_go_after_the_idle_limit()
    {
        using AggregationServer server = Server(RoundClosing.Immediately);
        await using Visit silent = await Visit.StartAsync(server, 1);
        await silent.RoundAsync("1");
        _time.Advance(TimeSpan.FromMinutes(5));
        SessionSummary summary = await silent.Serving.WaitAsync(Minute);
        Assert.Equal((SessionEnd.Idle, 1L), (summary.End, summary.Rounds));
    }

    [Fact]
    public async Task A_client_that_waits_for_its_round_is_not_idle()
    {
        using AggregationServer server = Server(RoundClosing.AtQuorum(2));
        await using Visit a = await Visit.StartAsync(server, 1);
        await a.SendAsync("1");
        await UntilAsync(() => _log.Lines.Any(line => line.Contains("contributed", StringComparison.Ordinal)));
        _time.Advance(TimeSpan.FromHours(3));
        await using Visit b = await Visit.StartAsync(server, 2);
        Assert.Equal("Aggregated: 2.00", await b.RoundAsync("3"));
        Assert.Equal("Aggregated: 2.00", await a.ReceiveAsync());
    }

    [Theory]
    [InlineData(ChannelProtocol.V1)]
    [InlineData(ChannelProtocol.Seed)]
    public async Task Stopping_closes_the_sessions_in_order(ChannelProtocol protocol)
    {
        using AggregationServer server = Server(RoundClosing.WhenAllPresent());
        using CancellationTokenSource stopping = new();
        await using Visit idle = await Visit.StartAsync(server, 1, protocol, stopping: stopping.Token);
        await using Visit waiting = await Visit.StartAsync(server, 2, protocol, stopping: stopping.Token);
        await waiting.SendAsync("1");
        await stopping.CancelAsync();

        Assert.Equal(SessionEnd.Stopped, (await idle.Serving.WaitAsync(Minute)).End);
        Assert.Equal(SessionEnd.Stopped, (await waiting.Serving.WaitAsync(Minute)).End);
        Assert.Null(await idle.ReceiveAsync());

        // In the seed protocol a server that owes an answer cannot close, only terminate.
        if (protocol == ChannelProtocol.Seed)
            Assert.Equal(
                SecureChannelError.TerminatedByPeer,
                (await Assert.ThrowsAsync<SecureChannelException>(waiting.ReceiveAsync)).Error
            );
        else
            Assert.Null(await waiting.ReceiveAsync());
    }

    [Fact]
    public async Task A_second_session_of_a_client_ends_the_first()
    {
        using AggregationServer server = Server(RoundClosing.Immediately);
        await using Visit first = await Visit.StartAsync(server, 1);
        await first.RoundAsync("100");
        await using Visit second = await Visit.StartAsync(server, 1);
        Assert.Equal(SessionEnd.Superseded, (await first.Serving.WaitAsync(Minute)).End);
        Assert.Equal("Aggregated: 1.00", await second.RoundAsync("1"));
    }

    [Fact]
    public async Task A_client_that_sends_ahead_is_answered_one_by_one_and_in_order()
    {
        using AggregationServer server = Server(RoundClosing.Immediately, BuiltInAggregators.Find("sum"));
        await using Visit eager = await Visit.StartAsync(server, 1);
        for (int i = 1; i <= 50; i++)
            await eager.SendAsync($"{i}");
        for (int i = 1; i <= 50; i++)
            Assert.Equal($"Aggregated: {i}.00", await eager.ReceiveAsync());
    }

    [Fact]
    public async Task A_client_that_takes_no_answers_holds_up_nobody_but_itself()
    {
        using AggregationServer server = Server(RoundClosing.Immediately);
        await using Visit stuck = await Visit.StartAsync(
            server,
            1,
            pipes: new(pauseWriterThreshold: 1024, resumeWriterThreshold: 512)
        );
        Task flooding = FloodAsync(stuck);
        await UntilAsync(() => server.History.Count > 3);

        await using Visit good = await Visit.StartAsync(server, 2);
        for (int round = 0; round < 20; round++)
            Assert.StartsWith("Aggregated: ", await good.RoundAsync("2"), StringComparison.Ordinal);

        // The flood stops where the buffers are full, and the server lets go of it when its patience is over.
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromMinutes(5));
            return stuck.Serving.IsCompleted;
        });
        Assert.Equal(SessionEnd.Idle, (await stuck.Serving).End);
        await Assert.ThrowsAnyAsync<Exception>(() => flooding.WaitAsync(Minute));
    }

    [Fact]
    public async Task An_observer_that_throws_disturbs_nobody()
    {
        using AggregationServer server = new(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions { Observer = _ => throw new InvalidOperationException("observer") },
                LoggerFactory = _log,
            }
        );
        await using Visit a = await Visit.StartAsync(server, 1);
        Assert.Equal("Aggregated: 1.00", await a.RoundAsync("1"));
        Assert.Contains(_log.Lines, line => line.Contains("observer", StringComparison.Ordinal));
    }

    public void Dispose() => _log.Dispose();

    private static async Task FloodAsync(Visit visit)
    {
        while (true)
            await visit.SendAsync("1");
    }

    /// <summary>Waits for something that another thread is about to do.</summary>
    private static async Task UntilAsync(Func<bool> happened)
    {
        using CancellationTokenSource limit = new(Minute);
        while (!happened())
            await Task.Delay(1, limit.Token);
    }

    private AggregationServer Server(RoundClosing closing, IAggregator? aggregator = null) =>
        new(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions
                {
                    Closing = closing,
                    Aggregator = aggregator ?? BuiltInAggregators.Default,
                    TimeProvider = _time,
                },
                LoggerFactory = _log,
            }
        );
}
