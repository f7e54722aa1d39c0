using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;
using SymRatchet.Adapters;

namespace SymRatchet;

/// <summary>
/// Carries bytes between a plain connection and a channel, both ways, until both directions have ended. Half-closes pass through;
/// an error on one side becomes an error on the other, so nobody takes a stream that was cut for a whole one.
/// </summary>
public static class SecureChannelRelay
{
    private const int BufferSize = SecureChannelStream.MaxChunk;

    /// <summary>Relays between a socket and a channel.</summary>
    /// <param name="plain">A connected socket. Closed when this returns: in order where all was said, else by a reset.</param>
    /// <param name="channel">The channel. Disposed when this returns; closed only where the socket's side ended in order.</param>
    /// <param name="cancellationToken">Ends the relay as an error does.</param>
    /// <exception cref="IOException">The socket or the channel failed first; a <see cref="SecureChannelException"/> for the channel.</exception>
    /// <exception cref="OperationCanceledException">The relay was cancelled.</exception>
    public static async Task RunAsync(Socket plain, ISecureChannel channel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plain);
        ArgumentNullException.ThrowIfNull(channel);
        // Until both sides have ended in order, whatever ends the socket resets it, the death of this process too.
        Linger(plain, new LingerOption(enable: true, seconds: 0));
        SecureChannelStream secured = channel.AsStream();
        NetworkStream socket = new(plain, ownsSocket: false);
        PlainEnd end = new(plain);
        Task there = CarryAsync(socket, secured, CloseAsync, cancellationToken);
        Task back = CarryAsync(secured, socket, ShutdownAsync, cancellationToken);
        try
        {
            Task first = await Task.WhenAny(there, back).ConfigureAwait(false);
            await first.ConfigureAwait(false);
            await Task.WhenAll(there, back).ConfigureAwait(false);
            Linger(plain, new LingerOption(enable: false, seconds: 0));
            plain.Dispose();
        }
        catch
        {
            secured.Abort();
            plain.Dispose();
            throw;
        }
        finally
        {
            await socket.DisposeAsync().ConfigureAwait(false);
            await secured.DisposeAsync().ConfigureAwait(false);
            await Task.WhenAll(there, back).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        ValueTask CloseAsync()
        {
            end.ThrowIfReset();
            return secured.CompleteWritesAsync(cancellationToken);
        }

        ValueTask ShutdownAsync()
        {
            end.Shutdown();
            return default;
        }
    }

    private static async Task CarryAsync(Stream from, Stream to, Func<ValueTask> end, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int length)
                await to.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            await end().ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Linger(Socket socket, LingerOption option)
    {
        try
        {
            socket.LingerState = option;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone already, or of a kind that knows no reset.
        }
    }
}
