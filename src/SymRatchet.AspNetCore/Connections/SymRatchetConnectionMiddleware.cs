using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Puts a channel between a connection and whoever handles it: handshake, then everything that follows over the channel, then an
/// authenticated close. A connection whose handshake fails is dropped without a word; the library logs and counts it.
/// </summary>
internal sealed class SymRatchetConnectionMiddleware(ConnectionDelegate next, SecureChannelServerOptions options)
{
    // A client that does not take the last word must not hold up the shutdown.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

    private static readonly IOException Ended = new("The connection has ended.");

    internal async Task OnConnectionAsync(ConnectionContext connection)
    {
        ISecureChannel? channel = await HandshakeAsync(connection).ConfigureAwait(false);
        if (channel is null)
            return;

        await using (channel.ConfigureAwait(false))
        {
            IDuplexPipe protectedTransport = channel.AsDuplexPipe(leaveOpen: true);
            IDuplexPipe transport = connection.Transport;
            connection.Transport = protectedTransport;
            connection.Features.Set<ISecureChannelFeature>(new SecureChannelFeature(channel.Peer));
            try
            {
                // After a handler that threw there is no close: it would tell the client that all was said.
                await next(connection).ConfigureAwait(false);
                await CloseAsync(channel, protectedTransport.Output).ConfigureAwait(false);
            }
            finally
            {
                // With an exception, the pipe does not try again to send what is left in it.
                await protectedTransport.Input.CompleteAsync().ConfigureAwait(false);
                await protectedTransport.Output.CompleteAsync(Ended).ConfigureAwait(false);
                connection.Transport = transport;
                connection.Features.Set<ISecureChannelFeature>(null);
            }
        }
    }

    private async Task<ISecureChannel?> HandshakeAsync(ConnectionContext connection)
    {
        // A server that stops does not wait for somebody who has proven nothing yet.
        CancellationToken stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping);
        try
        {
            return await SecureChannel.AcceptAsync(connection.Transport, connection.RemoteEndPoint, options, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task CloseAsync(ISecureChannel channel, PipeWriter output)
    {
        if (channel.Phase != ProtocolPhase.Active)
            return;
        using CancellationTokenSource limit = new(CloseTimeout);
        try
        {
            await output.FlushAsync(limit.Token).ConfigureAwait(false);
            await channel.CloseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client is gone; it does not hear the goodbye.
        }
    }
}
