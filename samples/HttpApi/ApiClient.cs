using System.Net;
using System.Net.WebSockets;
using Grpc.Net.Client;
using Microsoft.AspNetCore.SignalR.Client;
using SymRatchet.AspNetCore;

namespace SymRatchet.Samples.HttpApi;

/// <summary>
/// One device, or the operator: HTTP, gRPC and SignalR with one key. Connections that are opened in parallel are
/// channels of their own.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    private readonly Uri _address;
    private readonly SecureChannelClientOptions _options;
    private readonly SocketsHttpHandler _handler;

    internal ApiClient(Uri address, SecureChannelClientOptions options)
    {
        _address = address;
        _options = options;
        _handler = new SocketsHttpHandler().UseSymRatchet(options);
        Http = new HttpClient(_handler, disposeHandler: false)
        {
            BaseAddress = address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        Channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { HttpHandler = _handler });
    }

    internal HttpClient Http { get; }

    internal GrpcChannel Channel { get; }

    /// <summary>
    /// A connection to the hub that comes back by itself. It is not started yet; the caller disposes it.
    /// </summary>
    /// <param name="retryDelays">
    /// How long it waits before each attempt to come back; at once, 2 s and 10 s by default.
    /// </param>
    internal HubConnection CreateHubConnection(params TimeSpan[] retryDelays) =>
        new HubConnectionBuilder()
            .WithUrl(
                new Uri(_address, "/hub"),
                options =>
                {
                    options.HttpMessageHandlerFactory = _ => new Http2Handler(
                        new SocketsHttpHandler().UseSymRatchet(_options)
                    );
                    options.WebSocketFactory = async (context, cancellationToken) =>
                    {
                        ClientWebSocket socket = new()
                        {
                            Options =
                            {
                                HttpVersion = HttpVersion.Version20,
                                HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact,
                            },
                        };
                        await socket.ConnectAsync(
                            context.Uri,
                            new HttpMessageInvoker(_handler, disposeHandler: false),
                            cancellationToken
                        );
                        return socket;
                    };
                }
            )
            .WithAutomaticReconnect(
                retryDelays is [] ? [TimeSpan.Zero, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10)] : retryDelays
            )
            .Build();

    public void Dispose()
    {
        Channel.Dispose();
        Http.Dispose();
        _handler.Dispose();
    }

    /// <summary>
    /// SignalR asks for its connection in requests of its own making; they need the version that the server speaks.
    /// </summary>
    private sealed class Http2Handler(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request,
            CancellationToken cancellationToken
        )
        {
            request.Version = HttpVersion.Version20;
            request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
