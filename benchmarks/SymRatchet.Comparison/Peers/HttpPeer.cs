using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Comparison.Peers;

/// <summary>Kestrel and HttpClient with HTTP/1.1, over nothing, TLS or channels.</summary>
internal abstract class HttpPeer : Peer
{
    private WebApplication? _server;

    internal sealed override bool Fits(string scenario) => scenario.StartsWith("http", StringComparison.Ordinal);

    /// <summary>A client with connections of its own.</summary>
    internal HttpClient CreateClient(int port, string credential) =>
        new(CreateHandler(credential)) { BaseAddress = new Uri($"{Scheme}://localhost:{port}") };

    internal sealed override async Task<int> ListenAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRoutingCore();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Listen(
                    IPAddress.Loopback,
                    0,
                    listen =>
                    {
                        listen.Protocols = HttpProtocols.Http1;
                        Protect(listen);
                    }
                );
            });
        _server = builder.Build();
        _server.MapGet("/", () => "all is well");
        _server.MapGet("/bytes/{count:long}", SendAsync);
        await _server.StartAsync();
        return new Uri(
            _server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()
        ).Port;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
    }

    private protected virtual string Scheme => "http";

    /// <summary>Protects the connections of the server.</summary>
    private protected abstract void Protect(ListenOptions listen);

    /// <summary>Protects the connections of a client.</summary>
    private protected abstract SocketsHttpHandler CreateHandler(string credential);

    private static async Task SendAsync(long count, HttpContext context)
    {
        context.Response.ContentLength = count;
        byte[] block = new byte[Scenarios.Sizes.Block];
        for (long left = count; left > 0; left -= block.Length)
            await context.Response.Body.WriteAsync(block.AsMemory(0, (int)Math.Min(left, block.Length)));
    }
}
