using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SymRatchet.AspNetCore;
using SymRatchet.Connections;
using SymRatchet.Stress.Checks;
using SymRatchet.Stress.Ends;

namespace SymRatchet.Stress;

/// <summary>
/// A Kestrel whose every connection is a channel: HTTP/1.1, HTTP/2, and a handler that sends back what it gets. It
/// checks what it receives as the clients do.
/// </summary>
internal sealed class StressServer
{
    private readonly StressRun _run;
    private readonly WebApplication _application;

    internal StressServer(StressRun run)
    {
        _run = run;
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.AddProvider(run.Log);
        builder.Services.AddRoutingCore();
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                kestrel.Limits.MaxRequestBodySize = null;
                kestrel.Limits.MinRequestBodyDataRate = null;
                kestrel.Limits.MinResponseDataRate = null;
                foreach (HttpProtocols protocol in (HttpProtocols[])[HttpProtocols.Http1, HttpProtocols.Http2])
                {
                    kestrel.Listen(
                        IPAddress.Loopback,
                        0,
                        listen =>
                        {
                            listen.Protocols = protocol;
                            listen.UseSymRatchet(run.ServerOptions);
                        }
                    );
                }

                kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseSymRatchet(run.ServerOptions).Run(EchoAsync));
            });
        _application = builder.Build();
        Map();
    }

    internal Uri Http1 { get; private set; } = null!;

    internal Uri Http2 { get; private set; } = null!;

    internal IPEndPoint Echo { get; private set; } = null!;

    internal async Task StartAsync()
    {
        await _application.StartAsync();
        Uri[] addresses =
        [
            .. _application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Select(address => new Uri(address)),
        ];
        (Http1, Http2) = (addresses[0], addresses[1]);
        Echo = new IPEndPoint(IPAddress.Loopback, addresses[2].Port);
    }

    internal async Task StopAsync() => await _application.DisposeAsync();

    private void Map()
    {
        _application.Use(
            async (context, next) =>
            {
                string id = context.GetSymRatchetPeer()!.ClientId.ToString();
                if (
                    _run.Identities.RevokedSince(id) is > 0 and var since
                    && _run.Watchdog.Now - since > 2 * Watchdog.TicksPerSecond
                )
                    _run.Verdict.Fail($"a request of {id} was served 2 s after its revocation");
                try
                {
                    await next(context);
                }
                catch (Exception e)
                    when (context.RequestAborted.IsCancellationRequested
                        || e is IOException or OperationCanceledException
                    )
                {
                    // The client is gone; what it got is not whole, and must not look it.
                    context.Abort();
                }
            }
        );
        _application.MapGet(
            "/bytes/{key}/{count:long}",
            async (string key, long count, HttpContext context) =>
            {
                if (context.Request.Query.ContainsKey("length"))
                    context.Response.ContentLength = count;
                Direction direction = new(ulong.Parse(key, CultureInfo.InvariantCulture));
                byte[] block = new byte[48 * 1024];
                while (direction.Offered < count)
                {
                    Memory<byte> piece = block.AsMemory(0, (int)Math.Min(count - direction.Offered, block.Length));
                    direction.Offer(piece.Span);
                    await context.Response.Body.WriteAsync(piece, context.RequestAborted);
                }
            }
        );
        _application.MapPost(
            "/take/{key}/{count:long}",
            async (string key, long count, HttpContext context) =>
            {
                await TakeAsync(key, count, context, answer: null);
                await context.Response.WriteAsync(count.ToString(CultureInfo.InvariantCulture));
            }
        );
        _application.MapPost(
            "/echo/{key}/{count:long}",
            (string key, long count, HttpContext context) => TakeAsync(key, count, context, context.Response.Body)
        );
    }

    private async Task TakeAsync(string key, long count, HttpContext context, Stream? answer)
    {
        Direction direction = new(ulong.Parse(key, CultureInfo.InvariantCulture));
        direction.Offer(count);
        byte[] block = new byte[40 * 1024];
        while (await context.Request.Body.ReadAsync(block, context.RequestAborted) is > 0 and int read)
        {
            Check(direction.Take(block.AsSpan(0, read)));
            if (answer is not null)
                await answer.WriteAsync(block.AsMemory(0, read), context.RequestAborted);
        }

        Check(direction.TakeEnd());

        void Check(string? wrong)
        {
            if (wrong is not null)
                _run.Verdict.Fail(
                    $"{context.Request.Path} of {context.GetSymRatchetPeer()!.ClientId.ToString()}: {wrong}"
                );
        }
    }

    // Sends back what it gets, and ends when it has got all; without HTTP.
    private static async Task EchoAsync(ConnectionContext connection)
    {
        try
        {
            await connection.Transport.Input.CopyToAsync(connection.Transport.Output);
            await connection.Transport.Output.CompleteAsync();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or ObjectDisposedException)
        {
            await connection.Transport.Output.CompleteAsync(e);
        }
    }
}
