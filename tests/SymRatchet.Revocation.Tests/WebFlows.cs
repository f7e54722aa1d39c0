using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;
using SymRatchet.TestKit;

namespace SymRatchet.Revocation.Tests;

/// <summary>The clients of a <see cref="WebServer"/>, each over a connection of its own.</summary>
internal sealed class WebFlows(WebServer server, SecureChannelClientOptions options) : IDisposable
{
    private readonly List<Socket> _sockets = [];

    internal Task StartAsync(Flow flow) =>
        flow.Surface switch
        {
            Surface.Grpc => CallAsync(flow),
            Surface.SignalR => JoinHubAsync(flow),
            Surface.WebSocket => OpenSocketAsync(flow),
            Surface.Http2 => RequestHttp2Async(flow),
            _ => RequestAsync(flow),
        };

    /// <summary>Cuts the connections, which neither side has been trusted to do.</summary>
    public void Dispose()
    {
        foreach (Socket socket in _sockets)
            socket.Dispose();
    }

    // A request whose body has no end, beside an answer that has none: more than an HTTP client does with HTTP/1.1.
    private async Task RequestAsync(Flow flow)
    {
        Uri address = new(server.AddressFor(http2: false), flow.Name);
        (SecureChannelStream stream, DeafStream connection) = await OpenAsync(address.Host, address.Port);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST {address.AbsolutePath} HTTP/1.1\r\nHost: here\r\nContent-Length: 30000000\r\n\r\n"
            )
        );
        byte[] buffer = new byte[4096];
        await stream.ReadExactlyAsync(buffer.AsMemory(0, "HTTP/1.1 200 OK\r\n".Length));
        _ = flow.VisitAsync(
            part => stream.WriteAsync(part).AsTask(),
            async () => await stream.ReadAsync(buffer) > 0,
            connection.Strike
        );
    }

    private async Task RequestHttp2Async(Flow flow)
    {
        (SocketsHttpHandler handler, Action deafen) = Connection();
        PushedContent content = new();
        HttpRequestMessage request = new(HttpMethod.Post, new Uri(server.AddressFor(http2: true), flow.Name))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        HttpResponseMessage response = await new HttpMessageInvoker(handler).SendAsync(request, CancellationToken.None);
        Stream body = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[4096];
        _ = flow.VisitAsync(content.SendAsync, async () => await body.ReadAsync(buffer) > 0, deafen);
    }

    private async Task OpenSocketAsync(Flow flow)
    {
        (SocketsHttpHandler handler, Action deafen) = Connection();
        WebSocket socket = await ConnectAsync(handler, new Uri(server.AddressFor(http2: false), flow.Name));
        byte[] buffer = new byte[4096];
        _ = flow.VisitAsync(
            part => socket.SendAsync(part, WebSocketMessageType.Binary, true, CancellationToken.None).AsTask(),
            async () =>
                (await socket.ReceiveAsync(buffer, CancellationToken.None)).MessageType != WebSocketMessageType.Close,
            deafen
        );
    }

    private Task CallAsync(Flow flow)
    {
        (SocketsHttpHandler handler, Action deafen) = Connection();
        var channel = GrpcChannel.ForAddress(
            server.AddressFor(http2: true),
            new GrpcChannelOptions { HttpHandler = handler }
        );
        AsyncDuplexStreamingCall<byte[], byte[]> call = channel
            .CreateCallInvoker()
            .AsyncDuplexStreamingCall(
                FlowServiceBase.Method,
                host: null,
                new CallOptions(new Metadata { { FlowService.NameHeader, flow.Name } })
            );
        _ = flow.VisitAsync(
            part => call.RequestStream.WriteAsync(part.ToArray()),
            () => call.ResponseStream.MoveNext(CancellationToken.None),
            deafen
        );
        return Task.CompletedTask;
    }

    private async Task JoinHubAsync(Flow flow)
    {
        (SocketsHttpHandler handler, Action deafen) = Connection();
        HubConnection hub = new HubConnectionBuilder()
            .WithUrl(
                new Uri(server.AddressFor(http2: false), WebServer.HubPath),
                connection =>
                {
                    connection.SkipNegotiation = true;
                    connection.Transports = HttpTransportType.WebSockets;
                    connection.WebSocketFactory = async (context, _) => await ConnectAsync(handler, context.Uri);
                }
            )
            .Build();
        var received = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        var uploaded = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        hub.On<byte[]>(FlowHub.PartMethod, part => received.Writer.TryWrite(part));
        hub.Closed += failure =>
        {
            uploaded.Writer.TryComplete(failure ?? new IOException("closed"));
            received.Writer.TryComplete(failure);
            return Task.CompletedTask;
        };
        await hub.StartAsync();
        _ = hub.InvokeAsync(nameof(FlowHub.Run), flow.Name, uploaded.Reader);
        _ = flow.VisitAsync(
            part => uploaded.Writer.WriteAsync(part.ToArray()).AsTask(),
            async () => await received.Reader.WaitToReadAsync() && received.Reader.TryRead(out _),
            deafen
        );
    }

    private (SocketsHttpHandler Handler, Action Deafen) Connection()
    {
        DeafStream? connection = null;
        SocketsHttpHandler handler = new()
        {
            UseProxy = false,
            ConnectCallback = async (context, _) =>
            {
                (SecureChannelStream stream, connection) = await OpenAsync(
                    context.DnsEndPoint.Host,
                    context.DnsEndPoint.Port
                );
                return stream;
            },
        };
        return (handler, () => connection!.Strike());
    }

    // A connection that can be struck deaf: it stays open, and takes and gives nothing more.
    private async Task<(SecureChannelStream Stream, DeafStream Connection)> OpenAsync(string host, int port)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        lock (_sockets)
            _sockets.Add(socket);
        await socket.ConnectAsync(host, port);
        DeafStream connection = new(new NetworkStream(socket));
        return ((await SecureChannel.ConnectAsync(connection, options)).AsStream(), connection);
    }

    private static async Task<WebSocket> ConnectAsync(SocketsHttpHandler handler, Uri address)
    {
        ClientWebSocket socket = new();
        UriBuilder ws = new(address) { Scheme = "ws" };
        await socket.ConnectAsync(ws.Uri, new HttpMessageInvoker(handler), CancellationToken.None);
        return socket;
    }

    /// <summary>A request's body that is written bit by bit, and has no end.</summary>
    private sealed class PushedContent : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _body = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _never = new();

        internal async Task SendAsync(ReadOnlyMemory<byte> part)
        {
            Stream body = await _body.Task;
            await body.WriteAsync(part);
            await body.FlushAsync();
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.FlushAsync();
            _body.SetResult(stream);
            await _never.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
