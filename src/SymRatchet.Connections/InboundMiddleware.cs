using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace SymRatchet.Connections;

/// <summary>
/// The server's side. A connection whose handshake fails is closed silently and is not an error of the listener; the
/// library logs and counts it.
/// </summary>
internal sealed class InboundMiddleware(ConnectionDelegate next, SecureChannelServerOptions options)
{
    internal async Task OnConnectionAsync(ConnectionContext connection)
    {
        if (await AcceptAsync(connection).ConfigureAwait(false) is { } channel)
            await ProtectedConnection.RunAsync(connection, channel, next).ConfigureAwait(false);
    }

    private async Task<ISecureChannel?> AcceptAsync(ConnectionContext connection)
    {
        // A server that stops does not wait for a peer that has not proven its key yet.
        CancellationToken stopping =
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        try
        {
            return await ProtectedConnection
                .HandshakeAsync(
                    connection,
                    (accepted, ending) =>
                        SecureChannel.AcceptAsync(accepted.Transport, options, accepted.RemoteEndPoint, ending),
                    stopping
                )
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is SecureChannelException or OperationCanceledException)
        {
            return null; // the handshake has completed both halves of the transport, which closes the connection
        }
    }
}
