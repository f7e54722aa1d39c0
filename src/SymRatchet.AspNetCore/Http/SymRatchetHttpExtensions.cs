using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>Channels under HTTP clients, and what a server's request tells of its channel.</summary>
public static class SymRatchetHttpExtensions
{
#pragma warning disable RS0026 // no call can mean both
    /// <summary>
    /// Makes a handler connect through channels. Addresses begin with <c>http://</c>, since it is the connection that
    /// is protected; HTTP/2 needs <c>HttpVersionPolicy.RequestVersionExact</c>. Connections of one identity may be
    /// opened in parallel.
    /// </summary>
    /// <param name="handler">
    /// The handler; its <see cref="SocketsHttpHandler.ConnectCallback"/> is set, and it uses no proxy.
    /// </param>
    /// <param name="options">
    /// Who the client is; copied. A handshake that fails is an <see cref="HttpRequestException"/> with the
    /// <see cref="SecureChannelException"/> in it.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// How many connections are opened at a time; the others wait. A client that begins with a thousand requests does
    /// not flood its server.
    /// </param>
    /// <exception cref="ArgumentException">The options are not complete.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <exception cref="InvalidOperationException">
    /// The handler connects in a way of its own already, or has a proxy.
    /// </exception>
    public static SocketsHttpHandler UseSymRatchet(
        this SocketsHttpHandler handler,
        SecureChannelClientOptions options,
        int maxConcurrentHandshakes = 32
    )
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConcurrentHandshakes, 1);
        if (handler.ConnectCallback is not null)
            throw new InvalidOperationException(
                "The handler has a ConnectCallback already; a channel must be what connects."
            );
        if (handler.Proxy is not null)
            throw new InvalidOperationException(
                "The handler has a Proxy; the channel's handshake would be made with the proxy."
            );
        options.Validate();
        SecureChannelClientOptions own = new(options) { LeaveOpen = false };
        handler.UseProxy = false; // nor one that the machine's settings name
        SemaphoreSlim places = new(maxConcurrentHandshakes);
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await ConnectAsync(context, own, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                places.Release();
            }
        };
        return handler;
    }

    /// <summary>
    /// Makes the clients of a factory connect through channels; see
    /// <see cref="UseSymRatchet(SocketsHttpHandler, SecureChannelClientOptions, int)"/>.
    /// </summary>
    /// <param name="builder">The client's builder; its primary handler is replaced.</param>
    /// <param name="options">Who the client is, from the services.</param>
    /// <param name="maxConcurrentHandshakes">How many connections are opened at a time; the others wait.</param>
    public static IHttpClientBuilder UseSymRatchet(
        this IHttpClientBuilder builder,
        Func<IServiceProvider, SecureChannelClientOptions> options,
        int maxConcurrentHandshakes = 32
    )
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        return builder.ConfigurePrimaryHttpMessageHandler(services =>
            new SocketsHttpHandler().UseSymRatchet(options(services), maxConcurrentHandshakes)
        );
    }

#pragma warning restore RS0026

    /// <summary>The other side of the channel that a request came over; null where it came over none.</summary>
    /// <param name="context">The request.</param>
    public static ChannelPeer? GetSymRatchetPeer(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<ISecureChannelFeature>()?.Channel.Peer;
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken
    )
    {
        if (context.InitialRequestMessage.RequestUri is { Scheme: not ("http" or "ws") } address)
            throw new NotSupportedException(
                $"{address.Scheme}:// would put TLS into the channel; use http:// or ws://."
            );

        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken).ConfigureAwait(false);
            ISecureChannel channel = await SecureChannel
                .ConnectAsync(new NetworkStream(socket, ownsSocket: true), options, cancellationToken)
                .ConfigureAwait(false);
            // HTTP frames its messages itself, and its handler disposes at every ordinary end.
            return channel.AsStream(closeOnDispose: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
