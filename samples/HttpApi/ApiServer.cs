using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using SymRatchet.AspNetCore;

namespace SymRatchet.Samples.HttpApi;

/// <summary>
/// A minimal API, a gRPC service and a SignalR hub behind one port, every connection of which is a channel.
/// </summary>
internal static class ApiServer
{
    internal const string Operator = "operator";

    /// <summary>Starts the server.</summary>
    /// <param name="keys">The clients' keys; not disposed.</param>
    /// <param name="endpoint">Where to listen; port 0 takes any free port.</param>
    internal static async Task<WebApplication> StartAsync(IKeyStore keys, IPEndPoint endpoint)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<IKeyStore>(keys);
        builder.Services.AddSymRatchet();
        builder.Services.AddAuthentication(SymRatchetAuthenticationDefaults.AuthenticationScheme).AddSymRatchet();
        builder
            .Services.AddAuthorizationBuilder()
            .AddPolicy(Operator, policy => policy.RequireClaim(ClaimTypes.NameIdentifier, Operator));
        builder.Services.AddSingleton<FleetState>();
        builder.Services.AddGrpc();
        builder.Services.AddSignalR();

        // gRPC needs HTTP/2, and without TLS Kestrel does not tell HTTP/1.1 and HTTP/2 apart on one port. So everything
        // here speaks HTTP/2.
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(
                endpoint,
                listen =>
                {
                    listen.Protocols = HttpProtocols.Http2;
                    listen.UseSymRatchet();
                }
            )
        );

        WebApplication application = builder.Build();
        application.UseAuthentication();
        application.UseAuthorization();
        application.MapGet("/whoami", (ClaimsPrincipal user) => user.Identity!.Name).RequireAuthorization();
        application
            .MapGet(
                "/devices/{device}",
                (string device, FleetState state) =>
                    state.Latest(device) is { } value ? Results.Ok(value) : Results.NotFound()
            )
            .RequireAuthorization(Operator);
        application.MapGrpcService<FleetService>();
        application.MapHub<FleetHub>("/hub");
        await application.StartAsync();
        return application;
    }

    internal static Uri AddressOf(WebApplication application) =>
        new(
            application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Single()
        );
}
