using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using SymRatchet.Channel;

namespace SymRatchet;

/// <summary>
/// Makes secure channels over any <see cref="Stream"/> or <see cref="IDuplexPipe"/>: the handshake of protocol 1,
/// section 5, or of the seed protocol. Thread-safe.
/// </summary>
public static class SecureChannel
{
#pragma warning disable RS0026 // the overloads differ in a Stream and an IDuplexPipe; no call can mean both
    /// <summary>Connects as the client over a stream and returns once both sides are proven.</summary>
    /// <param name="stream">
    /// A two-way stream. Disposed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">Who the client is; copied.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
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

    /// <summary>Connects a socket and then the channel over it.</summary>
    /// <param name="remote">
    /// The server: an <see cref="IPEndPoint"/>, a <see cref="DnsEndPoint"/>, whose addresses are tried in the system's
    /// order, or a <see cref="UnixDomainSocketEndPoint"/>.
    /// </param>
    /// <param name="options">
    /// Who the client is; copied. The limit of the handshake holds for the connection, and again for the handshake.
    /// </param>
    /// <param name="cancellationToken">Ends the connection and the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The server could not be reached (<see cref="SecureChannelError.Transport"/>), or the handshake failed. Nothing
    /// is left open.
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
        return await ConnectAsync(stream, own, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Connects as the client over a pipe, as over a stream.</summary>
    /// <param name="pipe">
    /// A two-way pipe. Completed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">Who the client is; copied.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">The handshake failed.</exception>
    public static ValueTask<ISecureChannel> ConnectAsync(
        IDuplexPipe pipe,
        SecureChannelClientOptions options,
        CancellationToken cancellationToken = default
    ) => ConnectAsync(pipe, options, remote: null, cancellationToken);

    /// <summary>Connects as the client over a pipe whose other end is known, so that logs can name it.</summary>
    /// <param name="pipe">
    /// A two-way pipe. Completed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">Who the client is; copied.</param>
    /// <param name="remote">The other end, for logs; null where it is not known.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
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

    /// <summary>Accepts a client over a stream and returns once both sides are proven.</summary>
    /// <param name="stream">
    /// A two-way stream. Disposed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The keys of the clients; copied.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key look the same.
    /// </exception>
    public static ValueTask<ISecureChannel> AcceptAsync(
        Stream stream,
        SecureChannelServerOptions options,
        CancellationToken cancellationToken = default
    ) => AcceptAsync(stream, options, Transport.RemoteOf(stream), cancellationToken);

    /// <summary>
    /// Accepts a client over a stream whose other end is known, so that the limits by address hold for it.
    /// </summary>
    /// <param name="stream">
    /// A two-way stream. Disposed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The keys of the clients; copied.</param>
    /// <param name="remote">The other end, for limits and logs; null where it is not known.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key look the same.
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

    /// <summary>Accepts a client over a pipe, as over a stream.</summary>
    /// <param name="pipe">
    /// A two-way pipe. Completed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The keys of the clients; copied.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key look the same.
    /// </exception>
    public static ValueTask<ISecureChannel> AcceptAsync(
        IDuplexPipe pipe,
        SecureChannelServerOptions options,
        CancellationToken cancellationToken = default
    ) => AcceptAsync(pipe, options, remote: null, cancellationToken);

    /// <summary>
    /// Accepts a client over a pipe whose other end is known, so that the limits by address hold for it.
    /// </summary>
    /// <param name="pipe">
    /// A two-way pipe. Completed with the channel, and at once where the handshake fails, unless it is left open.
    /// </param>
    /// <param name="options">The keys of the clients; copied.</param>
    /// <param name="remote">The other end, for limits and logs; null where it is not known.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="ArgumentException">The options are incomplete. Nothing was sent.</exception>
    /// <exception cref="SecureChannelException">
    /// The handshake failed; an unknown id and a wrong key look the same.
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
    )
    {
        SecureChannelClientOptions own = options.Validated();
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
