using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>What the framework brings for operators works on channels: rate limits by identity, and health.</summary>
public sealed class OperationsTests
{
    [Fact]
    public async Task The_frameworks_rate_limiter_counts_by_the_channels_identity()
    {
        using PreSharedKey first = PreSharedKey.Generate("first");
        using PreSharedKey second = PreSharedKey.Generate("second");
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(first);
        keys.Add(second);
        await using WebApplication application = await StartAsync(keys);
        Uri address = new(
            application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Single()
        );
        using HttpClient one = WebServer.ClientFor(address, first);
        using HttpClient other = WebServer.ClientFor(address, second);

        Assert.Equal(HttpStatusCode.OK, (await one.GetAsync("/limited")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await one.GetAsync("/limited")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await one.GetAsync("/limited")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/limited")).StatusCode);
    }

    [Fact]
    public async Task Health_is_that_of_the_key_store()
    {
        FailingStore store = new();
        await using WebApplication application = await StartAsync(store);
        HealthCheckService health = application.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        store.Fails = true;
        HealthReport report = await health.CheckHealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
        Assert.Contains("no client can connect", report.Entries["symratchet"].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_reads_and_cannot_move_a_key_forward_is_unhealthy()
    {
        ProbedStore store = new();
        await using WebApplication application = await StartAsync(store);
        HealthCheckService health = application.Services.GetRequiredService<HealthCheckService>();
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
        foreach (
            Exception failure in new Exception[]
            {
                new KeyStoreException("The disk is full."),
                new TaskCanceledException("The store gave up."),
            }
        )
        {
            store.Probe = () => ValueTask.FromException(failure);
            HealthReport report = await health.CheckHealthAsync();
            Assert.Equal(HealthStatus.Unhealthy, report.Status);
            Assert.Same(failure, report.Entries["symratchet"].Exception);
        }

        store.Probe = () => default;
        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync()).Status);
    }

    [Theory]
    [InlineData(true)] // it blocks the thread that asks
    [InlineData(false)]
    public async Task A_store_that_never_answers_is_unhealthy_within_the_limit_and_is_asked_once(bool blocks)
    {
        using ManualResetEventSlim released = new();
        TaskCompletionSource answer = new();
        ProbedStore store = new()
        {
            Probe = () =>
            {
                if (blocks)
                    released.Wait();
                return new ValueTask(answer.Task);
            },
        };
        await using WebApplication application = await StartAsync(store);
        HealthCheckService health = application.Services.GetRequiredService<HealthCheckService>();
        Task<HealthReport>[] checks = [health.CheckHealthAsync(), Task.Run(() => health.CheckHealthAsync())];
        foreach (HealthReport report in await Task.WhenAll(checks).WaitAsync(TimeSpan.FromMinutes(1)))
        {
            Assert.Equal(HealthStatus.Unhealthy, report.Status);
            Assert.Contains(
                "has not answered for 5 s",
                report.Entries["symratchet"].Description,
                StringComparison.Ordinal
            );
        }

        Assert.Equal(1, store.Probes);
        released.Set();
        answer.SetResult();
        store.Probe = () => default;
        await Task.Run(async () =>
            {
                while ((await health.CheckHealthAsync()).Status != HealthStatus.Healthy)
                    await Task.Delay(10);
            })
            .WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_check_that_is_cancelled_says_nothing_of_the_store()
    {
        ProbedStore store = new() { Probe = () => new ValueTask(new TaskCompletionSource().Task) };
        await using WebApplication application = await StartAsync(store);
        using CancellationTokenSource cancelled = new(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            application.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(cancelled.Token)
        );
    }

    [Theory]
    [InlineData(
        "SymRatchet:HandshakeTimeOuts",
        "SymRatchet:HandshakeTimeOuts is not a setting; there are EpochLimit, HandshakeLimiter, HandshakeTimeout, "
    )]
    [InlineData(
        "SymRatchet:HandshakeLimiter:MaxPendings",
        "SymRatchet:HandshakeLimiter:MaxPendings is not a setting; there are MaxPending, "
    )]
    [InlineData("SymRatchet:Protocol", "SymRatchet:Protocol is not a setting")]
    [InlineData(
        "SymRatchet:HandshakeTimeout:Seconds",
        "SymRatchet:HandshakeTimeout:Seconds is not a setting; SymRatchet:HandshakeTimeout is one value"
    )]
    [InlineData(
        "SymRatchet:HandshakeLimiter:MaxPending:PerId",
        "SymRatchet:HandshakeLimiter:MaxPending:PerId is not a setting"
    )]
    [InlineData("SymRatchet:Suites:0:Name", "SymRatchet:Suites:0:Name is not a setting")]
    [InlineData(
        "SymRatchet:HandshakeLimiter",
        "SymRatchet:HandshakeLimiter: '1' is not valid; it has settings of its own"
    )]
    [InlineData("SymRatchet:Suites", "SymRatchet:Suites: '1' is not valid; it is a list")]
    public async Task A_misspelt_setting_fails_the_start_and_the_known_ones_are_named(string key, string complaint)
    {
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() =>
            WebServer.StartAsync((key, "1"))
        );
        Assert.Contains(complaint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_setting_of_the_guide_is_known_in_any_case()
    {
        await using WebServer server = await WebServer.StartAsync(
            ("symratchet:handshaketimeout", "00:00:09"),
            ("SymRatchet:MaxRecordSize", "65536"),
            ("SymRatchet:PaddingBlock", "0"),
            ("SymRatchet:EpochLimit", "1000"),
            ("SymRatchet:HashIdsInLogs", "true"),
            ("SymRatchet:Suites:0", "Aegis256"),
            ("SymRatchet:HandshakeLimiter:maxPending", "17")
        );
        Assert.Equal(17, server.HandshakeLimiter.MaxPending);
    }

    private static async Task<WebApplication> StartAsync(IKeyStore keys)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton(keys);
        builder.Services.AddSymRatchet();
        builder.Services.AddHealthChecks().AddSymRatchet();
        builder.Services.AddAuthentication(SymRatchetAuthenticationDefaults.AuthenticationScheme).AddSymRatchet();
        builder.Services.AddRoutingCore();
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = (int)HttpStatusCode.TooManyRequests;
            limiter.AddPolicy(
                "by identity",
                context =>
                    RateLimitPartition.GetFixedWindowLimiter(
                        context.User.Identity!.Name,
                        _ => new FixedWindowRateLimiterOptions { PermitLimit = 2, Window = TimeSpan.FromHours(1) }
                    )
            );
        });
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseSymRatchet()));
        WebApplication application = builder.Build();
        application.UseAuthentication();
        application.UseRateLimiter();
        application.MapGet("/limited", () => "served").RequireRateLimiting("by identity");
        await application.StartAsync();
        return application;
    }

    private sealed class FailingStore : IKeyStore
    {
        internal bool Fails { get; set; }

        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            Fails ? throw new KeyStoreException("The database is away.") : default;

        [ExcludeFromCodeCoverage]
        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();
    }

    /// <summary>A store that is read well, whatever its probe does.</summary>
    private sealed class ProbedStore : IKeyStore, IKeyStoreProbe
    {
        private int _probes;

        internal int Probes => Volatile.Read(ref _probes);

        internal Func<ValueTask> Probe { get; set; } = () => default;

        public ValueTask ProbeAsync(CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _probes);
            return Probe();
        }

        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) => default;

        [ExcludeFromCodeCoverage]
        public ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        ) => throw new NotSupportedException();
    }
}
