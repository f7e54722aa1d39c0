using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace SymRatchet.AspNetCore;

/// <summary>
/// Puts a channel between a connection and whoever handles it: handshake, then everything that follows over the channel, then an
/// authenticated close. A connection whose handshake fails is dropped without a word; the library logs and counts it.
/// </summary>
internal sealed class SymRatchetConnectionMiddleware(ConnectionDelegate next, SecureChannelServerOptions options)
{
    // A client that does not take the last word must not hold up the shutdown.
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(2);

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
                await next(connection).ConfigureAwait(false);
            }
            finally
            {
                await protectedTransport.Input.CompleteAsync().ConfigureAwait(false);
                await protectedTransport.Output.CompleteAsync().ConfigureAwait(false);
                await CloseAsync(channel).ConfigureAwait(false);
                connection.Transport = transport;
                connection.Features.Set<ISecureChannelFeature>(null);
            }
        }
    }

    private async Task<ISecureChannel?> HandshakeAsync(ConnectionContext connection)
    {
        try
        {
            return await SecureChannel.AcceptAsync(connection.Transport, connection.RemoteEndPoint, options, connection.ConnectionClosed).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
        {
            return null;
        }
    }

    private static async Task CloseAsync(ISecureChannel channel)
    {
        if (channel.Phase != ProtocolPhase.Active)
            return;
        using CancellationTokenSource limit = new(CloseTimeout);
        try
        {
            await channel.CloseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // The client is gone; it does not hear the goodbye.
        }
    }
}
