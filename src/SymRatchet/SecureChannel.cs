using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using SymRatchet.Channel;

namespace SymRatchet;

/// <summary>
/// Creates secure channels over any <see cref="Stream"/> or <see cref="IDuplexPipe"/>, by the handshake of protocol 1
/// (docs/protocol.md, 5) or of the seed protocol.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public static class SecureChannel
{
#pragma warning disable RS0026 // the overloads differ in a Stream and an IDuplexPipe; no call can mean both
    /// <summary>Connects as a client over a stream.</summary>
    /// <param name="stream">
    /// A duplex stream. Disposed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the client; copied.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="stream"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">The handshake failed.</exception>
    public static ValueTask<ISecureChannel> ConnectAsync(
        Stream stream,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConnectCoreAsync(
            Transport.Over(stream, options.LeaveOpen, Transport.RemoteOf(stream)),
            options,
            cancellationToken
        );
    }

    /// <summary>Connects a socket, and a channel over it.</summary>
    /// <param name="remote">
    /// The server: an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/>, whose addresses are tried in the system's
    /// order, or a <see cref="UnixDomainSocketEndPoint"/>.
    /// </param>
    /// <param name="options">
    /// The options of the client; copied. <see cref="SecureChannelOptions.HandshakeTimeout"/> applies to the
    /// connection, and again to the handshake.
    /// </param>
    /// <param name="cancellationToken">Cancels the connection and the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="remote"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The server could not be reached (<see cref="SecureChannelError.Transport"/>), or the handshake failed. The
    /// socket is closed.
    /// </exception>
    public static async ValueTask<ISecureChannel> ConnectAsync(
        EndPoint remote,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(remote);
        ArgumentNullException.ThrowIfNull(options);
        SecureChannelClientOptions own = options.Validated();
        own.LeaveOpen = false;
        Stream stream = await Dialer.DialAsync(remote, own, cancellationToken).ConfigureAwait(false);
        var transport = Transport.Over(stream, leaveOpen: false, Transport.RemoteOf(stream));
        return await HandshakeAsync(transport, own, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects as a client over a pipe.</summary>
    /// <param name="pipe">
    /// A duplex pipe. Completed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the client; copied.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="pipe"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">The handshake failed.</exception>
    public static ValueTask<ISecureChannel> ConnectAsync(
        IDuplexPipe pipe,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken = default
    ) => ConnectAsync(pipe, options, remote: null, cancellationToken);

    /// <summary>Connects as a client over a pipe with a known remote end point.</summary>
    /// <param name="pipe">
    /// A duplex pipe. Completed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the client; copied.</param>
    /// <param name="remote">The remote end point, for logs; null if it is not known.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="pipe"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">The handshake failed.</exception>
    public static ValueTask<ISecureChannel> ConnectAsync(
        IDuplexPipe pipe,
        SecureChannelClientOptions options,
        EndPoint? remote,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return ConnectCoreAsync(Transport.Over(pipe, options.LeaveOpen, remote), options, cancellationToken);
    }

    /// <summary>Accepts a client over a stream.</summary>
    /// <param name="stream">
    /// A duplex stream. Disposed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the server; copied.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="stream"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key are not distinguished.
    /// </exception>
    public static ValueTask<ISecureChannel> AcceptAsync(
        Stream stream,
        SecureChannelServerOptions options,
        CancellationToken cancellationToken = default
    ) => AcceptAsync(stream, options, Transport.RemoteOf(stream), cancellationToken);

    /// <summary>
    /// Accepts a client over a stream with a known remote end point, to which the limits per address apply.
    /// </summary>
    /// <param name="stream">
    /// A duplex stream. Disposed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the server; copied.</param>
    /// <param name="remote">The remote end point, for limits and logs; null if it is not known.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="stream"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key are not distinguished.
    /// </exception>
    public static ValueTask<ISecureChannel> AcceptAsync(
        Stream stream,
        SecureChannelServerOptions options,
        EndPoint? remote,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return AcceptCoreAsync(Transport.Over(stream, options.LeaveOpen, remote), options, cancellationToken);
    }

    /// <summary>Accepts a client over a pipe.</summary>
    /// <param name="pipe">
    /// A duplex pipe. Completed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the server; copied.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="pipe"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key are not distinguished.
    /// </exception>
    public static ValueTask<ISecureChannel> AcceptAsync(
        IDuplexPipe pipe,
        SecureChannelServerOptions options,
        CancellationToken cancellationToken = default
    ) => AcceptAsync(pipe, options, remote: null, cancellationToken);

    /// <summary>
    /// Accepts a client over a pipe with a known remote end point, to which the limits per address apply.
    /// </summary>
    /// <param name="pipe">
    /// A duplex pipe. Completed with the channel, and if the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The options of the server; copied.</param>
    /// <param name="remote">The remote end point, for limits and logs; null if it is not known.</param>
    /// <param name="cancellationToken">Cancels the handshake.</param>
    /// <returns>The established channel.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="pipe"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key are not distinguished.
    /// </exception>
    public static ValueTask<ISecureChannel> AcceptAsync(
        IDuplexPipe pipe,
        SecureChannelServerOptions options,
        EndPoint? remote,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        return AcceptCoreAsync(Transport.Over(pipe, options.LeaveOpen, remote), options, cancellationToken);
    }

#pragma warning restore RS0026

    private static ValueTask<ISecureChannel> ConnectCoreAsync(
        Transport transport,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken
    ) => HandshakeAsync(transport, options.Validated(), cancellationToken);

    private static ValueTask<ISecureChannel> HandshakeAsync(
        Transport transport,
        SecureChannelClientOptions own,
        CancellationToken cancellationToken
    )
    {
        HandshakeDriver driver = new(transport, ChannelRole.Client, own.Keys ?? own.Key!.ClientStore, own);
        return driver.RunAsync(ProtocolEntry.Of(own.Protocol).Connect(own), cancellationToken);
    }

    private static ValueTask<ISecureChannel> AcceptCoreAsync(
        Transport transport,
        SecureChannelServerOptions options,
        CancellationToken cancellationToken
    )
    {
        SecureChannelServerOptions own = options.Validated();
        HandshakeDriver driver = new(
            transport,
            ChannelRole.Server,
            own.Keys!,
            own,
            own.HandshakeLimiter,
            own.ChannelRegistry
        );
        return driver.RunAsync(ProtocolEntry.Of(own.Protocol).Accept(own), cancellationToken);
    }
}
