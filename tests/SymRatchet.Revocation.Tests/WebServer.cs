using System.Net;
using System.Net.WebSockets;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection;
using SymRatchet.AspNetCore;
using SymRatchet.Connections;

namespace SymRatchet.Revocation.Tests;

/// <summary>A Kestrel whose handlers do what their flow says, on every kind of connection there is.</summary>
internal sealed class WebServer : IAsyncDisposable
{
    internal const string HubPath = "hub";

    private readonly WebApplication _application;
    private readonly Uri[] _addresses;

    private WebServer(WebApplication application)
    {
        _application = application;
        _addresses =
        [
            .. application
                .Services.GetRequiredService<IServer>()
                .Features.Get<IServerAddressesFeature>()!
                .Addresses.Select(address => new Uri(address)),
        ];
    }

    internal static async Task<WebServer> StartAsync(SecureChannelServerOptions options, IEnumerable<Flow> flows)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(flows.ToDictionary(flow => flow.Name));
        builder.Services.AddRoutingCore();
        builder.Services.AddGrpc();
        builder.Services.AddSignalR(hub => hub.ClientTimeoutInterval = hub.KeepAliveInterval = TimeSpan.FromMinutes(5));
        builder
            .WebHost.UseKestrelCore()
            .ConfigureKestrel(kestrel =>
            {
                // Nothing but the revocation is to end a client that takes or says nothing.
                kestrel.Limits.MinRequestBodyDataRate = null;
                kestrel.Limits.MinResponseDataRate = null;
                foreach (HttpProtocols protocol in (HttpProtocols[])[HttpProtocols.Http1, HttpProtocols.Http2])
                    kestrel.Listen(
                        IPAddress.Loopback,
                        0,
                        listen =>
                        {
                            listen.Protocols = protocol;
                            listen.UseSymRatchet(options);
                        }
                    );
            });
        WebApplication application = builder.Build();
        application.UseWebSockets();
        application.MapHub<FlowHub>($"/{HubPath}");
        application.MapGrpcService<FlowService>();
        application.Map(
            "/{flow}",
            (string flow, HttpContext context, Dictionary<string, Flow> flows) => ServeAsync(flows[flow], context)
        );
        await application.StartAsync();
        return new WebServer(application);
    }

    internal Uri AddressFor(bool http2) => _addresses[http2 ? 1 : 0];

    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource atOnce = new(TimeSpan.Zero);
        await _application.StopAsync(atOnce.Token);
        await _application.DisposeAsync();
    }

    private static async Task ServeAsync(Flow flow, HttpContext context)
    {
        byte[] buffer = new byte[4096];
        if (context.WebSockets.IsWebSocketRequest)
        {
            using WebSocket socket = await context.WebSockets.AcceptWebSocketAsync();
            await flow.ServeAsync(
                async () =>
                    (await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType
                    != WebSocketMessageType.Close,
                part => socket.SendAsync(part, WebSocketMessageType.Binary, true, CancellationToken.None).AsTask(),
                context.RequestAborted
            );
            return;
        }

        if (flow.Surface == Surface.ServerSentEvents)
            context.Response.ContentType = "text/event-stream";
        await context.Response.StartAsync();
        await context.Response.Body.FlushAsync();
        await flow.ServeAsync(
            async () => await context.Request.Body.ReadAsync(buffer) > 0,
            part =>
                flow.Surface == Surface.ServerSentEvents
                    ? context.Response.WriteAsync($"data: {Convert.ToHexString(part.Span)}\n\n")
                    : context.Response.Body.WriteAsync(part).AsTask(),
            context.RequestAborted
        );
    }
}

/// <summary>A gRPC service of one method, both ways, as the compiler of .proto files would write it.</summary>
[BindServiceMethod(typeof(FlowServiceBase), nameof(Bind))]
internal abstract class FlowServiceBase
{
    private static readonly Marshaller<byte[]> Bytes = new(part => part, part => part);

    internal static readonly Method<byte[], byte[]> Method = new(
        MethodType.DuplexStreaming,
        "Flows",
        nameof(Run),
        Bytes,
        Bytes
    );

    public static void Bind(ServiceBinderBase binder, FlowServiceBase? service) =>
        binder.AddMethod(
            Method,
            service is null ? null! : new DuplexStreamingServerMethod<byte[], byte[]>(service.Run)
        );

    public abstract Task Run(
        IAsyncStreamReader<byte[]> requests,
        IServerStreamWriter<byte[]> responses,
        ServerCallContext context
    );
}

internal sealed class FlowService(Dictionary<string, Flow> flows) : FlowServiceBase
{
    internal const string NameHeader = "flow";

    public override Task Run(
        IAsyncStreamReader<byte[]> requests,
        IServerStreamWriter<byte[]> responses,
        ServerCallContext context
    ) =>
        flows[context.RequestHeaders.GetValue(NameHeader)!]
            .ServeAsync(
                () => requests.MoveNext(CancellationToken.None),
                part => responses.WriteAsync(part.ToArray()),
                context.CancellationToken
            );
}

/// <summary>A hub of one method, both ways.</summary>
internal sealed class FlowHub(Dictionary<string, Flow> flows) : Hub
{
    internal const string PartMethod = "Part";

    public async Task Run(string flow, IAsyncEnumerable<byte[]> upload)
    {
        await using IAsyncEnumerator<byte[]> parts = upload.GetAsyncEnumerator();
        await flows[flow]
            .ServeAsync(
                () => parts.MoveNextAsync().AsTask(),
                part => Clients.Caller.SendAsync(PartMethod, part.ToArray(), CancellationToken.None),
                Context.ConnectionAborted
            );
    }
}
