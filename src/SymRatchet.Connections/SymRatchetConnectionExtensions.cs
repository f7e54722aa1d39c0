using Microsoft.AspNetCore.Connections;

namespace SymRatchet.Connections;

/// <summary>
/// Adds secure channels to connection pipelines, such as those of Kestrel's listeners and of Orleans' silos and
/// clients.
/// </summary>
/// <remarks>
/// <para>
/// Any connection handler can follow, and uses <see cref="ConnectionContext.Transport"/> as without a channel.
/// </para>
/// <para>
/// A handler that completes its output sends the authenticated close of that direction, and may continue to read. A
/// handler that returns closes what is open; one that throws aborts the channel, so that the peer does not take the
/// data for complete. A channel that ends without both closes sends a TERMINATE, and then aborts the connection.
/// </para>
/// <para>
/// Abort a connection to end its pipeline from outside. Dispose it only after the pipeline's call has returned: as with
/// any middleware, its buffers may be in use before that.
/// </para>
/// <para>
/// The methods that configure a pipeline are not thread-safe; the pipeline serves any number of connections at the same
/// time.
/// </para>
/// </remarks>
public static class SymRatchetConnectionExtensions
{
    private const int DefaultConcurrentHandshakes = 32;

    /// <summary>Protects inbound connections by channels.</summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The pipeline, such as Kestrel's <c>ListenOptions</c>.</param>
    /// <param name="options">
    /// The options of the server; copied, without <see cref="SecureChannelOptions.LeaveOpen"/>. Pipelines with the same
    /// handshake limiter share its limits.
    /// </param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    /// <remarks>
    /// A connection whose handshake fails is closed silently, logged and counted, and does not reach the rest of the
    /// pipeline. The user of a connection (<c>IConnectionUserFeature</c>) is the client, see
    /// <see cref="ChannelPeerExtensions.ToClaimsPrincipal"/>.
    /// </remarks>
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
    /// <summary>Protects outbound connections by channels with the same options for all.</summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The pipeline of outbound connections.</param>
    /// <param name="options">
    /// The options of the client; copied, without <see cref="SecureChannelOptions.LeaveOpen"/>.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// The number of concurrent handshakes, 1 or more; 32 by default. The others wait.
    /// </param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentException">The options are incomplete or out of range.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <exception cref="PlatformNotSupportedException">This machine supports none of the suites.</exception>
    /// <remarks>
    /// See
    /// <see cref="UseSymRatchetClient{TBuilder}(TBuilder,
    /// Func{ConnectionContext, CancellationToken, ValueTask{SecureChannelClientOptions}}, int)"/>.
    /// </remarks>
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

    /// <summary>Protects outbound connections by channels with options that a function selects.</summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The pipeline of outbound connections.</param>
    /// <param name="options">
    /// Selects the options for a connection, for example by its <c>RemoteEndPoint</c>; they are copied.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// The number of concurrent handshakes, 1 or more; 32 by default. The others wait.
    /// </param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <remarks>
    /// See
    /// <see cref="UseSymRatchetClient{TBuilder}(TBuilder,
    /// Func{ConnectionContext, CancellationToken, ValueTask{SecureChannelClientOptions}}, int)"/>.
    /// </remarks>
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

    /// <summary>Protects outbound connections by channels with options that an asynchronous function selects.</summary>
    /// <typeparam name="TBuilder">The type of the builder.</typeparam>
    /// <param name="builder">The pipeline of outbound connections.</param>
    /// <param name="options">
    /// Selects the options for a connection, for example by its <c>RemoteEndPoint</c>; they are copied, without
    /// <see cref="SecureChannelOptions.LeaveOpen"/>. Its token is cancelled when the connection closes. Its exceptions
    /// are thrown by the pipeline's call.
    /// </param>
    /// <param name="maxConcurrentHandshakes">
    /// The number of concurrent handshakes of this pipeline, 1 or more; 32 by default. The others wait, so that a pool
    /// that opens a thousand connections does not flood its server.
    /// </param>
    /// <returns>The builder.</returns>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="builder"/> or <paramref name="options"/> is null.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1.</exception>
    /// <remarks>
    /// A key and its store belong to one client and one server, so a client of several servers has a key for each. A
    /// connection whose handshake fails is aborted and does not reach the rest of the pipeline. The pipeline's call
    /// throws the <see cref="SecureChannelException"/>, or a <see cref="ConnectionAbortedException"/> if the connection
    /// closed first. A connection that waits for its handshake is already open, and the server's handshake timeout is
    /// running.
    /// </remarks>
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

    /// <summary>Returns the peer of the channel of a connection; null if the connection has no channel.</summary>
    /// <param name="connection">The connection.</param>
    /// <exception cref="ArgumentNullException"><paramref name="connection"/> is null.</exception>
    public static ChannelPeer? GetSymRatchetPeer(this ConnectionContext connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return connection.Features.Get<ISecureChannelFeature>()?.Channel.Peer;
    }
}
