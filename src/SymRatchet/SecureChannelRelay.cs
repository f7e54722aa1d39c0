using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using SymRatchet.Protocol1;
using SymRatchet.Streams;

namespace SymRatchet;

/// <summary>
/// Carries bytes between a plain connection and a channel, or any two streams, both ways, until both directions have
/// ended. Half-closes pass through; an error on one side becomes an error on the other, so nobody takes a stream that
/// was cut for a whole one.
/// </summary>
public static class SecureChannelRelay
{
    private const int BufferSize = SecureChannelStream.MaxChunk;

#pragma warning disable RS0026 // no call can mean both
    /// <summary>Relays between a socket and a channel.</summary>
    /// <param name="plain">
    /// A connected socket. Closed when this returns: in order where all was said, else by a reset.
    /// </param>
    /// <param name="channel">
    /// The channel. Disposed when this returns; closed only where the socket's side ended in order.
    /// </param>
    /// <param name="cancellationToken">Ends the relay as an error does.</param>
    /// <exception cref="IOException">
    /// The socket or the channel failed first; a <see cref="SecureChannelException"/> for the channel.
    /// </exception>
    /// <exception cref="OperationCanceledException">The relay was cancelled.</exception>
    public static async Task RunAsync(
        Socket plain,
        ISecureChannel channel,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(plain);
        ArgumentNullException.ThrowIfNull(channel);
        SecureChannelStream secured = channel.AsStream();
        NetworkStream socket;
        try
        {
            socket = new NetworkStream(plain, ownsSocket: true);
        }
        catch (IOException)
        {
            // It is known to be connected no more.
            secured.Abort();
            plain.Dispose();
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await RunAsync(socket, secured, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Relays between two streams. A <see cref="NetworkStream"/> and a <see cref="SecureChannelStream"/> carry
    /// half-closes and errors as the other overload says, and a <see cref="SslStream"/> carries half-closes. Of any
    /// other stream an end can be told only by disposing it, so its peer learns of an end once both directions have
    /// ended, and cannot tell it from an error.
    /// </summary>
    /// <param name="first">A two-way stream. Disposed when this returns.</param>
    /// <param name="second">Another one. Disposed when this returns.</param>
    /// <param name="cancellationToken">Ends the relay as an error does.</param>
    /// <exception cref="IOException">One of the streams failed first.</exception>
    /// <exception cref="OperationCanceledException">The relay was cancelled.</exception>
    public static async Task RunAsync(Stream first, Stream second, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        RelayEnd one = RelayEnd.Of(first);
        RelayEnd other = RelayEnd.Of(second);
        Task there = Task.Run(() => CarryAsync(one, other, cancellationToken), CancellationToken.None);
        Task back = Task.Run(() => CarryAsync(other, one, cancellationToken), CancellationToken.None);
        try
        {
            await (await Task.WhenAny(there, back).WaitAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(
                false
            );
            await Task.WhenAll(there, back).WaitAsync(cancellationToken).ConfigureAwait(false);
            await InTimeAsync(one.CloseAsync, other.CloseAsync).ConfigureAwait(false);
        }
        catch
        {
            one.Abort();
            other.Abort();
            await InTimeAsync(
                    first.DisposeAsync,
                    second.DisposeAsync,
                    () => new ValueTask(there),
                    () => new ValueTask(back)
                )
                .ConfigureAwait(false);
            throw;
        }
    }

    // No stream is trusted to come back: a call that does not in time is left to itself.
    private static async Task InTimeAsync(params Func<ValueTask>[] calls)
    {
        var all = Task.WhenAll(calls.Select(call => Task.Run(() => call().AsTask())));
        _ = all.ContinueWith(
            static late => _ = late.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        await all.WaitAsync(Limits.DrainTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

#pragma warning restore RS0026

    private static async Task CarryAsync(RelayEnd from, RelayEnd to, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await from.Stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int length)
                await to.Stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            from.ThrowIfCut();
            await to.CompleteWritesAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
