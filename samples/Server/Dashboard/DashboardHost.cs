using System.Net;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace SymRatchet.Samples.Server.Dashboard;

/// <summary>The web server of the page: three files and a stream of events, to be read only.</summary>
internal static class DashboardHost
{
    private const int MaxConnections = 64;

    // Nothing but the page's own files runs, styles or is asked; nobody frames it.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri "
        + "'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

    private static readonly (string Path, string Resource, string ContentType)[] Files =
    [
        ("/", "dashboard.html", "text/html; charset=utf-8"),
        ("/dashboard.css", "dashboard.css", "text/css; charset=utf-8"),
        ("/dashboard.js", "dashboard.js", "text/javascript; charset=utf-8"),
    ];

    /// <summary>Opens the socket of the page. An address that other machines reach must be asked for.</summary>
    internal static async Task<TcpListener> ListenAsync(
        Endpoint endpoint,
        bool forAll,
        CancellationToken cancellationToken
    )
    {
        TcpListener listener = await endpoint.ListenAsync(cancellationToken);
        if (forAll || IPAddress.IsLoopback(((IPEndPoint)listener.LocalEndpoint).Address))
            return listener;
        listener.Dispose();
        throw new SampleException(
            $"--dashboard {endpoint} is not a loopback address: the page has no password; add --dashboard-for-all if "
                + "everybody may see it"
        );
    }

    /// <summary>Serves the page until it is disposed.</summary>
    internal static async Task<WebApplication> StartAsync(
        TcpListener listener,
        string host,
        DashboardFeed feed,
        ILoggerFactory logging,
        CancellationToken cancellationToken
    )
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseSockets(sockets => sockets.CreateBoundListenSocket = _ => listener.Server);
        builder.Services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.Listen((IPEndPoint)listener.LocalEndpoint);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
        });
        builder.Services.AddSingleton(logging);
        builder.Services.AddRoutingCore();
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);
        builder.Services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.Converters.Add(new JsonStringEnumConverter())
        );

        WebApplication app = builder.Build();
        Protect(app, new HostNames(host));
        foreach ((string path, string resource, string contentType) in Files)
        {
            byte[] content = ReadResource(resource);
            app.MapGet(path, () => TypedResults.Bytes(content, contentType));
        }

        // Ends with the visitor and with the server: a page that stays open keeps nothing from stopping.
        app.MapGet(
            "/events",
            (HttpContext context) =>
            {
                var ending = CancellationTokenSource.CreateLinkedTokenSource(
                    context.RequestAborted,
                    app.Lifetime.ApplicationStopping
                );
                context.Response.RegisterForDispose(ending);
                return TypedResults.ServerSentEvents(feed.WatchAsync(ending.Token));
            }
        );
        await app.StartAsync(cancellationToken);
        return app;
    }

    private static void Protect(WebApplication app, HostNames names) =>
        app.Use(
            (context, next) =>
            {
                if (!names.Allow(context.Request.Host))
                {
                    context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
                    return Task.CompletedTask;
                }

                IHeaderDictionary headers = context.Response.Headers;
                headers.ContentSecurityPolicy = ContentSecurityPolicy;
                headers.XContentTypeOptions = "nosniff";
                headers.CacheControl = "no-store";
                headers["Referrer-Policy"] = "no-referrer";
                headers["Cross-Origin-Resource-Policy"] = "same-origin";
                headers["Cross-Origin-Opener-Policy"] = "same-origin";
                return next(context);
            }
        );

    private static byte[] ReadResource(string name)
    {
        using Stream resource =
            typeof(DashboardHost).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"The page's {name} is not built in.");
        byte[] content = new byte[resource.Length];
        resource.ReadExactly(content);
        return content;
    }
}
