using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using SymRatchet.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>Provides channels for HTTP clients, and the peer of a server's request.</summary>
public static class SymRatchetHttpExtensions
{
#pragma warning disable RS0026 // no call can mean both
    /// <summary>Makes an HTTP handler connect through channels.</summary>
    /// <param name="handler">
    /// The handler; its <see cref="SocketsHttpHandler.ConnectCallback"/> is set, and its proxy is turned off.
    /// </param>
    /// <param name="options">
    /// The options of the client; copied. A failed handshake is an <see cref="HttpRequestException"/> with the
    /// <see cref="SecureChannelException"/> as its inner exception.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// The number of connections that are opened at a time, 1 or more; 32 by default. The others wait, so that a client
    /// that starts with a thousand requests does not flood its server.
    /// </param>
    /// <returns>The handler.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="handler"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <exception cref="InvalidOperationException">The handler has a connect callback or a proxy already.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    /// <remarks>
    /// Addresses begin with <c>http://</c>, since the channel reslots TLS; HTTP/2 needs
    /// <c>HttpVersionPolicy.RequestVersionExact</c>.
    /// </remarks>
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
                "The handler already has a ConnectCallback; the channel must open its connections."
            );
        if (handler.Proxy is not null)
            throw new InvalidOperationException(
                "The handler has a Proxy; the handshake would be with the proxy instead of the server."
            );
        options.Validate();
        SecureChannelClientOptions own = new(options) { LeaveOpen = false };
        handler.UseProxy = false; // nor one from the system's settings
        SemaphoreSlim slots = new(maxConcurrentHandshakes);
        handler.ConnectCallback = async (context, cancellationToken) =>
        {
            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await ConnectAsync(context, own, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                slots.Release();
            }
        };
        return handler;
    }

    /// <summary>
    /// Makes the clients of an HTTP client factory connect through channels; see
    /// <see cref="UseSymRatchet(SocketsHttpHandler, SecureChannelClientOptions, int)"/>.
    /// </summary>
    /// <param name="builder">The builder; its primary handler is replaced.</param>
    /// <param name="options">Returns the options of the client from the services.</param>
    /// <param name="maxConcurrentHandshakes">
    /// The number of connections that are opened at a time, 1 or more; 32 by default. The others wait.
    /// </param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="options"/> is null.
    /// </exception>
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

    /// <summary>Returns the peer of the channel of a request; null if the request has no channel.</summary>
    /// <param name="context">The request.</param>
    /// <exception cref="ArgumentNullException"><paramref name="context"/> is null.</exception>
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
            // HTTP frames its messages itself, and its handler disposes at every regular end.
            return channel.AsStream(closeOnDispose: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
