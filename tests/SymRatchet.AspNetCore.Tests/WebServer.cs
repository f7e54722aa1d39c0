using System.Net;
using System.Net.WebSockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>
/// A real Kestrel on a free port whose every connection is a channel, with an application that counts what reaches it.
/// </summary>
internal sealed class WebServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ChannelRegistry _live;
    private int _requests;

    private WebServer(WebApplication application, ChannelRegistry live)
    {
        _application = application;
        _live = live;
    }

    internal static PreSharedKey Key { get; } =
        PreSharedKey.Import("sensor-17", Enumerable.Range(0, 32).Select(i => (byte)i).ToArray());

    internal required InMemoryKeyStore Keys { get; init; }

    internal Uri Address { get; private set; } = null!;

    internal HandshakeLimiter HandshakeLimiter =>
        _application.Services.GetRequiredService<IOptions<SecureChannelServerOptions>>().Value.HandshakeLimiter!;

    /// <summary>Requests that the application has seen.</summary>
    internal int Requests => Volatile.Read(ref _requests);

    internal static async Task<WebServer> StartAsync(params (string Key, string Value)[] settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(
            settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))
        );
        InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(Key);
        ChannelRegistry live = new(keys);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton<IKeyStore>(keys);
        builder.Services.AddSingleton(live);
        builder.Services.AddSymRatchet();
        builder.Services.AddAuthentication().AddSymRatchet();
        builder.Services.AddAuthorization();
        builder.Services.AddRoutingCore();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Limits.MaxRequestBodySize = null;
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.Protocols = HttpProtocols.Http1;
                        listen.UseSymRatchet();
                    }
                );
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.Protocols = HttpProtocols.Http2;
                        listen.UseSymRatchet();
                    }
                );
            });

        WebApplication application = builder.Build();
        WebServer server = new(application, live) { Keys = keys };
        server.Map();
        await application.StartAsync();
        string[] addresses =
        [
            .. application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses,
        ];
        server.Address = new Uri(addresses[0]);
        server.Http2Address = new Uri(addresses[1]);
        return server;
    }

    internal Uri Http2Address { get; private set; } = null!;

    internal static HttpClient ClientFor(Uri address, PreSharedKey key, int connections = int.MaxValue) =>
        new(
            new SocketsHttpHandler { MaxConnectionsPerServer = connections }.UseSymRatchet(
                new SecureChannelClientOptions { Key = key }
            )
        )
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version11,
        };

    internal HttpClient Client(int connections = int.MaxValue) => ClientFor(Address, Key, connections);

    internal Task StopAsync() => _application.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        await _live.DisposeAsync();
        Keys.Dispose();
    }

    private void Map()
    {
        _application.Use(
            async (context, next) =>
            {
                Interlocked.Increment(ref _requests);
                await next(context);
            }
        );
        _application.UseWebSockets();
        _application.UseAuthentication();
        _application.UseAuthorization();
        _application
            .MapGet(
                "/who",
                (ClaimsPrincipal user, HttpContext context) =>
                    $"{user.Identity!.Name} over {context.GetSymRatchetPeer()!.Suite}, https: {context.Request.IsHttps}"
            )
            .RequireAuthorization();
        _application.MapPost(
            "/echo",
            async (HttpContext context) => await context.Request.Body.CopyToAsync(context.Response.Body)
        );
        _application.MapGet(
            "/zeros/{count:long}",
            async (long count, HttpContext context) =>
            {
                byte[] block = new byte[64 * 1024];
                for (long left = count; left > 0; left -= block.Length)
                    await context.Response.Body.WriteAsync(block.AsMemory(0, (int)Math.Min(left, block.Length)));
            }
        );
        _application.MapPost(
            "/count",
            async (HttpContext context) =>
            {
                byte[] block = new byte[64 * 1024];
                long total = 0;
                while (await context.Request.Body.ReadAsync(block) is > 0 and int read)
                    total += read;
                return total;
            }
        );
        _application.MapGet(
            "/half",
            async (HttpContext context) =>
            {
                await context.Response.WriteAsync("half of it");
                await context.Response.Body.FlushAsync();
                throw new InvalidDataException("the other half is broken");
            }
        );
        _application.MapGet(
            "/endless",
            async (HttpContext context) =>
            {
                while (true)
                {
                    await context.Response.WriteAsync("on and on\n", context.RequestAborted);
                    await context.Response.Body.FlushAsync(context.RequestAborted);
                    await Task.Delay(10, context.RequestAborted);
                }
            }
        );
        _application.MapGet(
            "/socket",
            async (HttpContext context) =>
            {
                using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
                byte[] buffer = new byte[4096];
                WebSocketReceiveResult received = await socket.ReceiveAsync(buffer, CancellationToken.None);
                while (received.MessageType != WebSocketMessageType.Close)
                {
                    await socket.SendAsync(
                        buffer.AsMemory(0, received.Count),
                        received.MessageType,
                        received.EndOfMessage,
                        CancellationToken.None
                    );
                    received = await socket.ReceiveAsync(buffer, CancellationToken.None);
                }

                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
            }
        );
    }
}
