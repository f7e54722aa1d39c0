using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.Connections;

/// <summary>
/// A connection with a channel between it and whoever handles it: handshake, then everything that follows over the
/// channel, then an authenticated close. A handler that completes its output closes that direction at once, and may go
/// on to read.
/// </summary>
internal sealed class ProtectedConnection
{
    /// <summary>
    /// How long a handshake may go on after its connection has closed, with what arrived before; and how long a
    /// connection may take to end in order after its channel has failed, with what is still to be sent.
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
    /// Runs a handshake until it ends or <paramref name="stopping"/> is cancelled. A connection counts as closed once
    /// its peer sends no more, while the last message of the handshake, and all that follows it, may still wait to be
    /// read.
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

    /// <summary>Lets a handler use the connection through a channel, and disposes the channel.</summary>
    internal static async Task RunAsync(ConnectionContext connection, ISecureChannel channel, ConnectionDelegate next)
    {
        await using (channel.ConfigureAwait(false))
            await new ProtectedConnection(connection, channel).RunAsync(next).ConfigureAwait(false);
    }

    private async Task RunAsync(ConnectionDelegate next)
    {
        IDuplexPipe beneath = _connection.Transport;
        IConnectionUserFeature? user = _connection.Features.Get<IConnectionUserFeature>();
        IDuplexPipe pipe = new KeptChannel(_channel).AsDuplexPipe();
        _connection.Transport = new SecureTransport(pipe.Input, new TransportWriter(pipe.Output));
        _connection.Features.Set<ISecureChannelFeature>(new SecureChannelFeature(_channel));
        if (_channel.Peer.Role == ChannelRole.Client)
            _connection.Features.Set<IConnectionUserFeature>(
                new ConnectionUserFeature(_channel.Peer.ToClaimsPrincipal())
            );

        CancellationToken broken = _channel.Ended;
        CancellationTokenRegistration registration = broken.UnsafeRegister(
            static state => ((ProtectedConnection)state!).BeginToEnd(),
            this
        );
        try
        {
            await next(_connection).ConfigureAwait(false);
            await CloseAsync(pipe.Output).ConfigureAwait(false);
        }
        catch
        {
            // There is no close: it would tell the peer that all was said.
            _channel.Abort();
            throw;
        }
        finally
        {
            // Whoever owns the connection may dispose it next, and it must not be aborted after that.
            await registration.DisposeAsync().ConfigureAwait(false);
            if (broken.IsCancellationRequested)
                await BeginToEnd().ConfigureAwait(false);
            await pipe.Input.CompleteAsync().ConfigureAwait(false);
            _connection.Transport = beneath;
            _connection.Features.Set<ISecureChannelFeature>(null);
            _connection.Features.Set(user);
        }
    }

    private sealed record SecureTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private Task BeginToEnd() => _ending ??= EndAsync();

    // A channel that failed, or whose client was revoked, takes the connection and all that runs on it with it.
    // Disposing the channel tells the peer and ends the connection in order; aborted at once, it would drop that, and
    // what was sent before it.
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
            // Bounded by the pipe itself: a peer that takes nothing must not hold up the shutdown.
            await output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The peer is gone, or takes nothing; it does not hear the close.
        }
    }
}
