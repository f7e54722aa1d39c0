using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Puts a channel between a connection and whoever handles it: handshake, then everything that follows over the channel, then an
/// authenticated close. A handler that completes its output closes that direction at once, and may go on to read. A connection whose
/// handshake fails is dropped without a word; the library logs and counts it.
/// </summary>
internal sealed class SymRatchetConnectionMiddleware(ConnectionDelegate next, SecureChannelServerOptions options)
{
    internal async Task OnConnectionAsync(ConnectionContext connection)
    {
        ISecureChannel? channel = await HandshakeAsync(connection).ConfigureAwait(false);
        if (channel is null)
            return;

        await using (channel.ConfigureAwait(false))
        {
            IDuplexPipe protectedTransport = channel.AsDuplexPipe();
            IDuplexPipe transport = connection.Transport;
            connection.Transport = new SecureTransport(protectedTransport.Input, new TransportWriter(protectedTransport.Output));
            connection.Features.Set<ISecureChannelFeature>(new SecureChannelFeature(channel.Peer));

            // A channel that failed, or whose client was revoked, takes the connection and all that runs on it with it.
            using CancellationTokenRegistration ended = channel.Ended.UnsafeRegister(
                static state => ((ConnectionContext)state!).Abort(new ConnectionAbortedException("The secure channel has ended.")), connection);
            try
            {
                await next(connection).ConfigureAwait(false);
                await CloseAsync(protectedTransport.Output).ConfigureAwait(false);
            }
            catch
            {
                // There is no close: it would tell the client that all was said.
                channel.Abort();
                throw;
            }
            finally
            {
                ended.Unregister();
                await protectedTransport.Input.CompleteAsync().ConfigureAwait(false);
                connection.Transport = transport;
                connection.Features.Set<ISecureChannelFeature>(null);
            }
        }
    }

    private sealed record SecureTransport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private async Task<ISecureChannel?> HandshakeAsync(ConnectionContext connection)
    {
        // A server that stops does not wait for somebody who has proven nothing yet.
        CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        try
        {
            return await SecureChannel.AcceptAsync(connection.Transport, options, connection.RemoteEndPoint, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task CloseAsync(PipeWriter output)
    {
        try
        {
            // Bounded by the pipe itself: a client that takes nothing must not hold up the shutdown.
            await output.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client is gone, or takes nothing; it does not hear the close.
        }
    }
}
