using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.Connections;

/// <summary>
/// A connection with a channel between it and whoever handles it: handshake, then everything that follows over the channel, then an
/// authenticated close. A handler that completes its output closes that direction at once, and may go on to read.
/// </summary>
internal static class ProtectedConnection
{
    /// <summary>How long a handshake may go on after its connection has closed, with what arrived before.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Runs a handshake until it ends or <paramref name="stopping"/> is cancelled. A connection counts as closed once its peer sends no
    /// more, while the last message of the handshake, and all that follows it, may still wait to be read.
    /// </summary>
    internal static async ValueTask<ISecureChannel> HandshakeAsync(
        ConnectionContext connection,
        Func<ConnectionContext, CancellationToken, ValueTask<ISecureChannel>> handshake,
        CancellationToken stopping = default)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using CancellationTokenRegistration closed = connection.ConnectionClosed.UnsafeRegister(
            static state => ((CancellationTokenSource)state!).CancelAfter(Grace), ending);
        return await handshake(connection, ending.Token).ConfigureAwait(false);
    }

    /// <summary>Lets a handler use the connection through a channel, and disposes the channel.</summary>
    internal static async Task RunAsync(ConnectionContext connection, ISecureChannel channel, ConnectionDelegate next)
    {
        await using (channel.ConfigureAwait(false))
        {
            IDuplexPipe protectedTransport = channel.AsDuplexPipe();
            IDuplexPipe transport = connection.Transport;
            IConnectionUserFeature? user = connection.Features.Get<IConnectionUserFeature>();
            connection.Transport = new SecureTransport(protectedTransport.Input, new TransportWriter(protectedTransport.Output));
            connection.Features.Set<ISecureChannelFeature>(new SecureChannelFeature(channel));
            if (channel.Peer.Role == ChannelRole.Client)
                connection.Features.Set<IConnectionUserFeature>(new ConnectionUserFeature(channel.Peer.ToClaimsPrincipal()));

            // A channel that failed, or whose client was revoked, takes the connection and all that runs on it with it.
            CancellationTokenRegistration ended = channel.Ended.UnsafeRegister(
                static state => ((ConnectionContext)state!).Abort(new ConnectionAbortedException("The secure channel has ended.")), connection);
            try
            {
                await next(connection).ConfigureAwait(false);
                await CloseAsync(protectedTransport.Output).ConfigureAwait(false);
            }
            catch
            {
                // There is no close: it would tell the peer that all was said.
                channel.Abort();
                throw;
            }
            finally
            {
                // Whoever owns the connection may dispose it next, and it must not be aborted after that.
                await ended.DisposeAsync().ConfigureAwait(false);
                await protectedTransport.Input.CompleteAsync().ConfigureAwait(false);
                connection.Transport = transport;
                connection.Features.Set<ISecureChannelFeature>(null);
                connection.Features.Set(user);
            }
        }
    }

    private sealed record SecureTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

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
