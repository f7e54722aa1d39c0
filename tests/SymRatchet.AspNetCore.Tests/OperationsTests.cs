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
        Uri address = new(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
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
            limiter.AddPolicy("by identity", context => RateLimitPartition.GetFixedWindowLimiter(
                context.User.Identity!.Name, _ => new FixedWindowRateLimiterOptions { PermitLimit = 2, Window = TimeSpan.FromHours(1) }));
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseSymRatchet()));
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

        public ValueTask<StoredKey?> FindAsync(ReadOnlyMemory<byte> id, CancellationToken cancellationToken = default) =>
            Fails ? throw new KeyStoreException("The database is away.") : default;

        [ExcludeFromCodeCoverage]
        public ValueTask AdvanceAsync(ReadOnlyMemory<byte> id, long serial, long epoch, ReadOnlyMemory<byte> epochKey, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();
    }
}
