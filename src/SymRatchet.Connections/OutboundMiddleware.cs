using Microsoft.AspNetCore.Connections;

namespace SymRatchet.Connections;

/// <summary>
/// The client's side. A connection whose handshake fails is aborted, and the exception is passed to its dialer. The
/// number of concurrent handshakes is limited.
/// </summary>
internal sealed class OutboundMiddleware(
    ConnectionDelegate next,
    Func<ConnectionContext, CancellationToken, ValueTask<SecureChannelClientOptions>> options,
    SemaphoreSlim slots
)
{
    internal async Task OnConnectionAsync(ConnectionContext connection)
    {
        ISecureChannel channel = await ConnectAsync(connection).ConfigureAwait(false);
        await ProtectedConnection.RunAsync(connection, channel, next).ConfigureAwait(false);
    }

    private async Task<ISecureChannel> ConnectAsync(ConnectionContext connection)
    {
        try
        {
            await slots.WaitAsync(connection.ConnectionClosed).ConfigureAwait(false);
            try
            {
                // A server sends nothing before the hello, so if it has closed the connection by now, there is nothing
                // to read.
                SecureChannelClientOptions picked = await PickAsync(connection).ConfigureAwait(false);
                SecureChannelClientOptions own = new(picked) { LeaveOpen = false };
                return await ProtectedConnection
                    .HandshakeAsync(
                        connection,
                        (dialed, ending) =>
                            SecureChannel.ConnectAsync(dialed.Transport, own, dialed.RemoteEndPoint, ending)
                    )
                    .ConfigureAwait(false);
            }
            finally
            {
                slots.Release();
            }
        }
        catch (Exception e)
        {
            ConnectionAbortedException aborted = new("The connection has no secure channel: its handshake failed.", e);
            connection.Abort(aborted);
            if (e is OperationCanceledException)
                throw aborted;
            throw;
        }
    }

    private Task<SecureChannelClientOptions> PickAsync(ConnectionContext connection)
    {
        Task<SecureChannelClientOptions> picking = options(connection, connection.ConnectionClosed).AsTask();

        // Observes exceptions that are thrown after the connection has closed.
        _ = picking.ContinueWith(
            static late => _ = late.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        return picking.WaitAsync(connection.ConnectionClosed);
    }
}
