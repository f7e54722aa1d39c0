using System.Diagnostics;
using SymRatchet.Documents.Tests.Running;
using SymRatchet.KeyStores.Tests.PostgreSql;
using SymRatchet.TestKit;
using Xunit.Abstractions;

namespace SymRatchet.Revocation.Tests;

/// <summary>
/// A client that is revoked is out within a second: whatever it is connected through, whatever it does at the time,
/// wherever the keys are, whoever revokes it. Nothing is taken from it or given to it afterwards, and it does not come
/// back.
/// </summary>
[Collection(PostgresServer.CollectionName)]
public sealed class RevocationTests(PostgresServer postgres, ITestOutputHelper output)
{
    /// <summary>
    /// The promise is a second. A machine that runs other tests may take longer; the times are in the output.
    /// </summary>
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Afterwards = TimeSpan.FromMilliseconds(300);
    private static readonly PreSharedKey Key = PreSharedKey.Generate("device");
    private static readonly PreSharedKey Bystander = PreSharedKey.Generate("bystander");

    // An HTTP client disposes its broken connections synchronously, which blocks a thread for each. The clients are in
    // this process, and must not take the few threads of a small machine from the server that is measured.
    static RevocationTests() => ThreadPool.SetMinThreads(64, 64);

    public static IEnumerable<object[]> Stores =>
        Matrix.Stores.Select(store => new object[] { store.Kind, store.Circumstance });

    /// <summary>Runs all of it once, so that no time below is that of a compiler.</summary>
    private static readonly Lazy<Task> Warm = new(() => RunAsync(StoreKind.InMemory, Circumstance.SameObject, null!));

    [SkippableTheory]
    [MemberData(nameof(Stores))]
    public async Task A_revoked_client_is_out_within_a_second(StoreKind kind, Circumstance circumstance)
    {
        await Warm.Value;
        (Flow[] flows, TimeSpan[] times) = await RunAsync(kind, circumstance, postgres);
        Report.Add(kind, circumstance, flows.Zip(times), output);
        Assert.Empty(flows.Where(flow => flow.Wrong is not null).Select(flow => $"{flow.Name}: {flow.Wrong}"));
        Assert.All(times, time => Assert.InRange(time, TimeSpan.Zero, Bound));
    }

    private static async Task<(Flow[] Flows, TimeSpan[] Times)> RunAsync(
        StoreKind kind,
        Circumstance circumstance,
        PostgresServer postgres
    )
    {
        SteppedClock clock = new();
        using ListLoggerFactory logs = new();
        await using StoreUnderTest store = await StoreUnderTest.OpenAsync(kind, postgres, clock);
        await store.Store.AddAsync(Key);
        await store.Store.AddAsync(Bystander);
        SecureChannelServerOptions options = new()
        {
            Keys = store.Store,
            TimeProvider = clock,
            LoggerFactory = logs,
        };
        await using ChannelRegistry live = new(store.Store, options);
        options.ChannelRegistry = live;

        Flow[] flows = [.. Matrix.Flows.Select(flow => new Flow(flow.Surface, flow.Activity))];
        await using WebServer server = await WebServer.StartAsync(options, flows);
        using WebFlows web = new(server, new SecureChannelClientOptions { Key = Key });
        await using ChannelPair bystander = await ChannelPair.CreateAsync(
            new SecureChannelClientOptions { Key = Bystander },
            options
        );
        foreach (Flow flow in flows)
            await StartAsync(flow, web, options).WaitAsync(Patience);
        await Task.WhenAll(flows.Select(flow => flow.BeginAsync(Patience)));
        Assert.Equal(flows.Length, live.GetCount(Key.Id));

        long revoked = await RevokeAsync(store, circumstance, clock, logs);
        TimeSpan[] times = await Task.WhenAll(flows.Select(flow => flow.EndAsync(revoked, Patience)));
        (long, long, long)[] counts = [.. flows.Select(flow => flow.Counts)];
        await Task.Delay(Afterwards);
        foreach ((Flow flow, (long, long, long) count) in flows.Zip(counts))
            flow.StoodStillSince(count);

        Assert.Equal(0, live.GetCount(Key.Id));
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            ChannelPair.CreateAsync(new SecureChannelClientOptions { Key = Key }, options)
        );
        await bystander.RoundAsync([1], [2]);
        return (flows, times);
    }

    private static Task StartAsync(Flow flow, WebFlows web, SecureChannelServerOptions options) =>
        flow.Surface <= Surface.Aggregation
            ? LocalFlows.StartAsync(flow, new SecureChannelClientOptions { Key = Key }, options)
            : web.StartAsync(flow);

    /// <summary>Revokes the client.</summary>
    /// <returns>When; the latest instant that is known to be no later.</returns>
    private static async Task<long> RevokeAsync(
        StoreUnderTest store,
        Circumstance circumstance,
        SteppedClock clock,
        ListLoggerFactory logs
    )
    {
        switch (circumstance)
        {
            case Circumstance.OtherProcess:
                await ToolCommand.RunAsync("/", $"symratchet key revoke device {store.ToolOptions}");
                DateTimeOffset recorded = (await store.Store.DescribeAsync(Key.Id))!.Revoked!.Value;
                return Stopwatch.GetTimestamp()
                    - (long)((DateTimeOffset.UtcNow - recorded).TotalSeconds * Stopwatch.Frequency);
            case Circumstance.Reconnected:
                await store.ReconnectAsync(logs);
                break;
            case Circumstance.ClockBack:
                clock.Step(-TimeSpan.FromHours(1));
                break;
        }

        IKeyDirectory by = circumstance is Circumstance.OtherObject or Circumstance.Reconnected
            ? await store.OpenAnotherAsync()
            : store.Store;
        long before = Stopwatch.GetTimestamp();
        Assert.True(await by.RevokeAsync(Key.Id));
        return before;
    }
}
