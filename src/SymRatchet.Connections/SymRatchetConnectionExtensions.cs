using Microsoft.AspNetCore.Connections;

namespace SymRatchet.Connections;

/// <summary>
/// Secure channels for the connections of a pipeline, such as Kestrel's listeners and Orleans' silos and clients have.
/// Whatever handles connections can follow, and uses <see cref="ConnectionContext.Transport"/> as if there were no
/// channel.
/// </summary>
/// <remarks>
/// <para>
/// A handler that completes its output closes that direction with an authenticated close, and may go on to read; one
/// that returns closes what is open; one that throws aborts the channel, so that the peer does not take the end for
/// one. A channel that ends other than by its two closes tells the peer, and then aborts the connection.
/// </para>
/// <para>
/// Abort a connection to end its pipeline from outside. Dispose it when the pipeline's call has returned, and not
/// before: as with any middleware, that would take the buffers away from whoever reads them.
/// </para>
/// <para>
/// The methods that add to a pipeline are for its start and not thread-safe; what they add serves any number of
/// connections at the same time.
/// </para>
/// </remarks>
public static class SymRatchetConnectionExtensions
{
    private const int DefaultConcurrentHandshakes = 32;

    /// <summary>
    /// Protects inbound connections by channels. A connection whose handshake fails is ended without a word, and the
    /// rest of the pipeline never sees it; the library logs and counts it. The user of a connection
    /// (<c>IConnectionUserFeature</c>) is the client, see <see cref="ChannelPeerExtensions.ToClaimsPrincipal"/>.
    /// </summary>
    /// <param name="builder">The pipeline, such as Kestrel's <c>ListenOptions</c>.</param>
    /// <param name="options">
    /// Keys, suites and limits; copied, and never left open. The handshake limiter counts the connections of every
    /// pipeline that has the same.
    /// </param>
    /// <exception cref="ArgumentException">The options are not complete.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    public static TBuilder UseSymRatchet<TBuilder>(this TBuilder builder, SecureChannelServerOptions options)
        where TBuilder : IConnectionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        SecureChannelServerOptions own = new(options) { LeaveOpen = false };
        builder.Use(next => new InboundMiddleware(next, own).OnConnectionAsync);
        return builder;
    }

#pragma warning disable RS0026 // no call can mean two of them
    /// <summary>
    /// Protects outbound connections by channels, all of them as the same client. See
    /// <see cref="UseSymRatchetClient{TBuilder}(TBuilder,
    /// Func{ConnectionContext, CancellationToken, ValueTask{SecureChannelClientOptions}}, int)"/>.
    /// </summary>
    /// <param name="builder">The pipeline of outbound connections.</param>
    /// <param name="options">Who the client is; copied, and never left open.</param>
    /// <param name="maxConcurrentHandshakes">
    /// How many handshakes run at a time, 1 or more; 32 by default. The others wait.
    /// </param>
    /// <exception cref="ArgumentException">The options are not complete.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    public static TBuilder UseSymRatchetClient<TBuilder>(
        this TBuilder builder,
        SecureChannelClientOptions options,
        int maxConcurrentHandshakes = DefaultConcurrentHandshakes
    )
        where TBuilder : IConnectionBuilder
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        SecureChannelClientOptions own = new(options);
        return builder.UseSymRatchetClient((_, _) => ValueTask.FromResult(own), maxConcurrentHandshakes);
    }

    /// <summary>
    /// Protects outbound connections by channels, with the key that a function picks for each remote. See
    /// <see cref="UseSymRatchetClient{TBuilder}(TBuilder,
    /// Func{ConnectionContext, CancellationToken, ValueTask{SecureChannelClientOptions}}, int)"/>.
    /// </summary>
    /// <param name="builder">The pipeline of outbound connections.</param>
    /// <param name="options">
    /// Picks the options by the connection, for example by its <c>RemoteEndPoint</c>; they are copied.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// How many handshakes run at a time, 1 or more; 32 by default. The others wait.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public static TBuilder UseSymRatchetClient<TBuilder>(
        this TBuilder builder,
        Func<ConnectionContext, SecureChannelClientOptions> options,
        int maxConcurrentHandshakes = DefaultConcurrentHandshakes
    )
        where TBuilder : IConnectionBuilder
    {
        ArgumentNullException.ThrowIfNull(options);
        return builder.UseSymRatchetClient(
            (connection, _) => ValueTask.FromResult(options(connection)),
            maxConcurrentHandshakes
        );
    }

    /// <summary>
    /// Protects outbound connections by channels, with the key that a function picks for each remote: a key and its
    /// store belong to one client and one server, so a program that is the client of several servers has a key for
    /// each.
    /// </summary>
    /// <remarks>
    /// A connection whose handshake fails is aborted, the rest of the pipeline never sees it, and the pipeline's call
    /// throws the <see cref="SecureChannelException"/>; a <see cref="ConnectionAbortedException"/> where the connection
    /// closed first. A connection that waits for its turn is open already, and the server's own time limit runs
    /// meanwhile.
    /// </remarks>
    /// <param name="builder">The pipeline of outbound connections.</param>
    /// <param name="options">
    /// Picks the options by the connection, for example by its <c>RemoteEndPoint</c>; they are copied, and never left
    /// open. Its token is cancelled when the connection closes. What it throws is thrown by the pipeline's call.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// How many handshakes run at a time, counted over all connections of this pipeline, 1 or more; 32 by default. The
    /// others wait for their turn, so that a pool that opens a thousand connections does not flood its server.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    public static TBuilder UseSymRatchetClient<TBuilder>(
        this TBuilder builder,
        Func<ConnectionContext, CancellationToken, ValueTask<SecureChannelClientOptions>> options,
        int maxConcurrentHandshakes = DefaultConcurrentHandshakes
    )
        where TBuilder : IConnectionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConcurrentHandshakes, 1);
        SemaphoreSlim places = new(maxConcurrentHandshakes);
        builder.Use(next => new OutboundMiddleware(next, options, places).OnConnectionAsync);
        return builder;
    }
#pragma warning restore RS0026

    /// <summary>Returns the other side of the channel beneath a connection; null where there is none.</summary>
    /// <param name="connection">The connection.</param>
    public static ChannelPeer? GetSymRatchetPeer(this ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Features.Get<ISecureChannelFeature>()?.Channel.Peer;
    }
}
