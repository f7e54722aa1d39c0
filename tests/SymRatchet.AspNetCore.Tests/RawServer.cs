using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SymRatchet.TestKit;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>
/// A real Kestrel with a handler of connections behind its channels, and with every line that it logs.
/// </summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly InMemoryKeyStore _keys;
    private readonly ChannelRegistry _live;

    private RawServer(WebApplication application, InMemoryKeyStore keys, ChannelRegistry live, ListLoggerFactory logs)
    {
        _application = application;
        _keys = keys;
        _live = live;
        Logs = logs;
    }

    internal ListLoggerFactory Logs { get; }

    private int Port =>
        new Uri(
            _application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Single()
        ).Port;

    /// <summary>Starts a server whose connections go to a handler, or to HTTP/1.1 where there is none.</summary>
    internal static async Task<RawServer> StartAsync(
        ConnectionDelegate? handler,
        Action<WebApplication>? map = null,
        Action<SecureChannelServerOptions>? configure = null
    )
    {
        ListLoggerFactory logs = new();
        InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(WebServer.Key);
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(logs);
        builder.Services.AddSingleton<IKeyStore>(keys);
        ChannelRegistry live = new(keys);
        builder.Services.AddSingleton(live);
        builder.Services.AddSymRatchet(configure);
        builder.Services.AddRoutingCore();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.UseSymRatchet();
                        if (handler is not null)
                            listen.Use(_ => handler);
                    }
                )
            );
        WebApplication application = builder.Build();
        map?.Invoke(application);
        await application.StartAsync();
        return new RawServer(application, keys, live, logs);
    }

    internal async Task<NetworkStream> ConnectAsync()
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return new NetworkStream(socket, ownsSocket: true);
    }

    internal async Task<ISecureChannel> OpenChannelAsync() =>
        await SecureChannel.ConnectAsync(await ConnectAsync(), new SecureChannelClientOptions { Key = WebServer.Key });

    internal ValueTask<bool> RevokeAsync() => _keys.RevokeAsync(WebServer.Key.Id);

    internal Task StopAsync(CancellationToken cancellationToken) => _application.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        await _live.DisposeAsync();
        _keys.Dispose();
        Logs.Dispose();
    }
}
