using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests;

/// <summary>
/// A real Kestrel whose connections are channels that go to a handler, with every line that it and the channels log.
/// </summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly WebApplication _application;

    private Listener(WebApplication application, ListLoggerFactory logs)
    {
        _application = application;
        Logs = logs;
        Uri address = new(
            application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Single()
        );
        EndPoint = new IPEndPoint(IPAddress.Loopback, address.Port);
    }

    internal ListLoggerFactory Logs { get; }

    internal IPEndPoint EndPoint { get; }

    internal static async Task<Listener> StartAsync(
        SecureChannelServerOptions options,
        ConnectionDelegate handler,
        Action<ListenOptions>? below = null
    )
    {
        ListLoggerFactory logs = new();
        options.LoggerFactory = logs;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(logs);
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        below?.Invoke(listen);
                        listen.UseSymRatchet(options).Use(_ => handler);
                    }
                )
            );
        WebApplication application = builder.Build();
        await application.StartAsync();
        return new Listener(application, logs);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        Logs.Dispose();
    }
}
