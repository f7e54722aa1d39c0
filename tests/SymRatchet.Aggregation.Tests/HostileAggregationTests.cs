using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.TestKit;

namespace SymRatchet.Aggregation.Tests;

/// <summary>
/// Neither a client nor the user's own code holds up the rest: each of them may throw, block, or never come back.
/// </summary>
[Collection(Alone.Name)]
public sealed class HostileAggregationTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Theory]
    [InlineData("throws")]
    [InlineData("is not a weight")]
    public async Task A_weight_that_fails_leaves_no_channel_open(string how)
    {
        using AggregationServer server = new(
            new AggregationServerOptions
            {
                WeightOf = _ => how == "throws" ? throw new InvalidOperationException("no weight") : double.NaN,
            }
        );
        StuckChannel channel = new("nothing");
        await Assert.ThrowsAnyAsync<Exception>(() => server.ServeAsync(channel));
        Assert.True(channel.IsDisposed);
        Assert.Empty(server.Present);
    }

    [Fact]
    public async Task A_log_and_an_observer_that_throw_disturb_no_round()
    {
        using FailingLog log = new();
        using AggregationServer server = new(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions { Observer = _ => throw new InvalidOperationException("observer") },
                LoggerFactory = log,
            }
        );
        await using Visit visit = await Visit.StartAsync(server, "one");
        Assert.Equal("Aggregated: 1.00", await visit.RoundAsync("1"));
        await visit.Client.CloseAsync();
        // the line that tells how it ended
        await Assert.ThrowsAsync<InvalidOperationException>(() => visit.Serving.WaitAsync(Minute));
        Assert.Empty(server.Present);
        Assert.Equal(1, server.History[0].Aggregate);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_log_or_an_observer_that_blocks_holds_up_nobody_else(bool isLog)
    {
        using ManualResetEventSlim entered = new();
        using ManualResetEventSlim gate = new();
        ConcurrentQueue<string> told = [];
        void Block(string what)
        {
            entered.Set();
            gate.Wait();
            told.Enqueue(what);
        }

        using BlockingLog log = new(Block);
        using AggregationServer server = new(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions { Observer = isLog ? null : happened => Block($"{happened}") },
                LoggerFactory = isLog ? log : NullLoggerFactory.Instance,
            }
        );
        var blocked = Task.Run(() => Visit.StartAsync(server, "blocked"));
        Assert.True(entered.Wait(Minute));
        await using (Visit visit = await Task.Run(() => Visit.StartAsync(server, "one")).WaitAsync(Minute))
        {
            // More than is kept.
            for (int i = 0; i < RoundEventQueue.MaxPending; i++)
                Assert.StartsWith(
                    "Aggregated",
                    await visit.RoundAsync("1").WaitAsync(Minute),
                    StringComparison.Ordinal
                );
            Assert.Equal(2, await Task.Run(() => server.Present.Count).WaitAsync(Minute));
            gate.Set();
            await using Visit late = await blocked.WaitAsync(Minute);
            Assert.StartsWith("Aggregated", await visit.RoundAsync("1").WaitAsync(Minute), StringComparison.Ordinal);
            await UntilAsync(() => told.Count > RoundEventQueue.MaxPending);
        }

        if (isLog)
            Assert.Contains(told, line => line.Contains("round events were dropped", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_aggregator_that_blocks_delays_neither_handshakes_nor_those_who_come_and_go()
    {
        const int Waiting = 200;
        using BlockingAggregator aggregator = new(TimeSpan.FromSeconds(5));
        using AggregationServer waiting = new(
            new AggregationServerOptions { Rounds = new RoundOptions { Aggregator = aggregator } }
        );
        List<Visit> visits = [];
        for (int i = 0; i < Waiting; i++)
            visits.Add(await Visit.StartAsync(waiting, $"waiting {i}"));

        foreach (Visit visit in visits)
            await visit.SendAsync("1");
        await UntilAsync(() => aggregator.Entered > 0);

        var watch = Stopwatch.StartNew();
        for (int i = 0; i < 20; i++)
            await (await ChannelPair.CreateAsync()).DisposeAsync();
        await (await Visit.StartAsync(waiting, "comes and goes")).DisposeAsync();
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));

        aggregator.Release();
        foreach (Visit visit in visits)
            Assert.Equal("Aggregated: 1.00", await visit.ReceiveAsync().WaitAsync(Minute));
        foreach (Visit visit in visits)
            await visit.DisposeAsync();
    }

    [Theory]
    [InlineData(nameof(ISecureChannel.SendAsync), SessionEnd.Idle)]
    [InlineData(nameof(ISecureChannel.ReceiveAsync), SessionEnd.Idle)]
    [InlineData(nameof(ISecureChannel.CloseAsync), SessionEnd.ClosedByClient)]
    [InlineData(nameof(ISecureChannel.DisposeAsync), SessionEnd.Idle)]
    public async Task A_session_ends_within_its_idle_limit_whatever_its_channel_never_comes_back_from(
        string hangsIn,
        SessionEnd expected
    )
    {
        FakeTimeProvider time = new();
        using AggregationServer server = new(
            new AggregationServerOptions { Rounds = new RoundOptions { TimeProvider = time } }
        );
        StuckChannel channel = new(hangsIn);
        Task<SessionSummary> serving = server.ServeAsync(channel);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return serving.IsCompleted;
        });
        Assert.Equal(expected, (await serving).End);
        Assert.True(channel.IsDisposed);
        Assert.Empty(server.Present);
    }

    [Fact]
    public async Task A_session_in_mid_round_stops_even_if_its_channel_does_not_come_back()
    {
        FakeTimeProvider time = new();
        using AggregationServer server = new(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions { Closing = RoundClosing.AtQuorum(2), TimeProvider = time },
            }
        );
        using CancellationTokenSource stopping = new();
        Task<SessionSummary> serving = server.ServeAsync(
            new StuckChannel(nameof(ISecureChannel.ReceiveAsync)),
            stopping.Token
        );
        await UntilAsync(() => server.Open is not null);
        await stopping.CancelAsync();
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return serving.IsCompleted;
        });
        Assert.Equal(SessionEnd.Stopped, (await serving).End);
    }

    [Fact]
    public async Task A_round_counts_as_answered_before_the_send_has_come_back()
    {
        using AggregationServer server = new(new AggregationServerOptions());
        using CancellationTokenSource stopping = new();
        StuckChannel channel = new(nameof(ISecureChannel.SendAsync));
        Task<SessionSummary> serving = server.ServeAsync(channel, stopping.Token);
        await channel.Stuck.WaitAsync(Minute);
        await stopping.CancelAsync();
        Assert.Equal(1, (await serving.WaitAsync(Minute)).Rounds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_reads_nothing_is_let_go_after_the_idle_limit_even_if_it_pings(bool pings)
    {
        FakeTimeProvider time = new();
        using AggregationServer server = new(
            new AggregationServerOptions { Rounds = new RoundOptions { TimeProvider = time } }
        );
        await using Visit stuck = await Visit.StartAsync(
            server,
            1,
            pipes: new(pauseWriterThreshold: 1024, resumeWriterThreshold: 512)
        );
        Task flooding = pings ? PingAsync(stuck.Client, 40) : FloodAsync(stuck.Client);
        if (pings)
            await flooding.WaitAsync(Minute);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(30));
            return stuck.Serving.IsCompleted;
        });
        Assert.Equal(SessionEnd.Idle, (await stuck.Serving).End);
        if (!pings)
            await Assert.ThrowsAnyAsync<Exception>(() => flooding.WaitAsync(Minute));
    }

    private static async Task FloodAsync(ISecureChannel client)
    {
        while (true)
            await client.SendAsync("1"u8.ToArray());
    }

    /// <summary>More pings than the way back has room for answers, and fewer than the way there has.</summary>
    private static async Task PingAsync(ISecureChannel client, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using CancellationTokenSource once = new();
            Task ping = client.PingAsync(once.Token).AsTask();
            await Task.Delay(2);
            await once.CancelAsync();
            await ping.ContinueWith(_ => { }, TaskScheduler.Default); // sent; its answer is not waited for
        }
    }

    private static async Task UntilAsync(Func<bool> happened)
    {
        using CancellationTokenSource limit = new(Minute);
        while (!happened())
            await Task.Delay(1, limit.Token);
    }

    private sealed class BlockingLog(Action<string> write) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => write(formatter(state, exception));

        public void Dispose() { }
    }

    private sealed class FailingLog : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => throw new InvalidOperationException("log");

        public void Dispose() { }
    }
}
