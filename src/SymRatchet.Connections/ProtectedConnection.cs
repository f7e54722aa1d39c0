using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.Connections;

/// <summary>
/// A connection whose handler uses it through a channel: handshake, protected transport, authenticated close. A handler
/// that completes its output closes that direction at once, and may continue to read.
/// </summary>
internal sealed class ProtectedConnection
{
    /// <summary>
    /// How long a handshake may continue with buffered bytes after its connection has closed, and how long a connection
    /// may take to send its remaining bytes after its channel has ended.
    /// </summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly ConnectionContext _connection;
    private readonly ISecureChannel _channel;
    private Task? _ending;

    private ProtectedConnection(ConnectionContext connection, ISecureChannel channel)
    {
        _connection = connection;
        _channel = channel;
    }

    /// <summary>
    /// Runs a handshake until it ends or <paramref name="stopping"/> is cancelled. It may continue for a short time
    /// after the connection has closed, because the peer's last messages may still be buffered.
    /// </summary>
    internal static async ValueTask<ISecureChannel> HandshakeAsync(
        ConnectionContext connection,
        Func<ConnectionContext, CancellationToken, ValueTask<ISecureChannel>> handshake,
        CancellationToken stopping = default
    )
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using CancellationTokenRegistration closed = connection.ConnectionClosed.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).CancelAfter(Grace),
            ending
        );
        return await handshake(connection, ending.Token).ConfigureAwait(false);
    }

    /// <summary>
    /// Runs a handler with the connection's transport replaced by the channel, and disposes the channel.
    /// </summary>
    internal static async Task RunAsync(ConnectionContext connection, ISecureChannel channel, ConnectionDelegate next)
    {
        await using (channel.ConfigureAwait(false))
            await new ProtectedConnection(connection, channel).RunAsync(next).ConfigureAwait(false);
    }

    private async Task RunAsync(ConnectionDelegate next)
    {
        IDuplexPipe original = _connection.Transport;
        IConnectionUserFeature? user = _connection.Features.Get<IConnectionUserFeature>();
        IDuplexPipe pipe = new UndisposedChannel(_channel).AsDuplexPipe();
        _connection.Transport = new SecureTransport(pipe.Input, new TransportWriter(pipe.Output));
        _connection.Features.Set<ISecureChannelFeature>(new SecureChannelFeature(_channel));
        if (_channel.Peer.Role == ChannelRole.Client)
            _connection.Features.Set<IConnectionUserFeature>(
                new ConnectionUserFeature(_channel.Peer.ToClaimsPrincipal())
            );

        CancellationToken broken = _channel.Ended;
        CancellationTokenRegistration registration = broken.UnsafeRegister(
            static state => ((ProtectedConnection)state!).StartEnding(),
            this
        );
        try
        {
            await next(_connection).ConfigureAwait(false);
            await CloseAsync(pipe.Output).ConfigureAwait(false);
        }
        catch
        {
            // No close, since it would tell the peer that the data is complete.
            _channel.Abort();
            throw;
        }
        finally
        {
            // The owner may dispose the connection next, and it must not be aborted after that.
            await registration.DisposeAsync().ConfigureAwait(false);
            if (broken.IsCancellationRequested)
                await StartEnding().ConfigureAwait(false);
            await pipe.Input.CompleteAsync().ConfigureAwait(false);
            _connection.Transport = original;
            _connection.Features.Set<ISecureChannelFeature>(null);
            _connection.Features.Set(user);
        }
    }

    private sealed record SecureTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private Task StartEnding() => _ending ??= EndAsync();

    // A channel that failed or was revoked ends the connection. Disposing the channel first sends the TERMINATE; an
    // immediate abort would drop it and the data before it.
    private async Task EndAsync()
    {
        Task disposing = _channel.DisposeAsync().AsTask();
        await Task.Delay(Grace, _connection.ConnectionClosed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _connection.Abort(new ConnectionAbortedException("The secure channel has ended."));
        await disposing.ConfigureAwait(false);
    }

    private static async Task CloseAsync(PipeWriter output)
    {
        try
        {
            // The pipe bounds the wait, so a peer that does not read cannot delay the shutdown.
            await output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The peer has disconnected or does not read, and gets no close.
        }
    }
}
