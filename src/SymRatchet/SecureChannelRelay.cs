using System.Buffers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using SymRatchet.Protocol1;
using SymRatchet.Streams;

namespace SymRatchet;

/// <summary>
/// Copies bytes in both directions between a plain connection and a channel, or between any two streams.
/// </summary>
/// <remarks>
/// Half-closes are passed on, and an error on one side becomes an error on the other, so that a truncated stream is not
/// taken for a complete one. Thread-safe.
/// </remarks>
public static class SecureChannelRelay
{
    private const int BufferSize = SecureChannelStream.MaxChunk;

#pragma warning disable RS0026 // no call can mean both
    /// <summary>Relays between a socket and a channel until both directions have ended.</summary>
    /// <param name="plain">
    /// A connected socket. Closed when this returns: in order if both directions ended in order, otherwise by a reset.
    /// </param>
    /// <param name="channel">
    /// The channel. Disposed when this returns; closed only if the socket's side ended in order.
    /// </param>
    /// <param name="cancellationToken">Cancels the relay, which both sides see as an error.</param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="plain"/> or <paramref name="channel"/> is null.
    /// </exception>
    /// <exception cref="IOException">
    /// The socket failed, or the channel did (a <see cref="SecureChannelException"/>).
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
            // The socket is no longer connected.
            secured.Abort();
            plain.Dispose();
            await secured.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await RunAsync(socket, secured, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Relays between two streams until both directions have ended.</summary>
    /// <param name="first">A duplex stream. Disposed when this returns.</param>
    /// <param name="second">Another duplex stream. Disposed when this returns.</param>
    /// <param name="cancellationToken">Cancels the relay, which both sides see as an error.</param>
    /// <exception cref="ArgumentNullException">
    /// <paramref name="first"/> or <paramref name="second"/> is null.
    /// </exception>
    /// <exception cref="IOException">One of the streams failed.</exception>
    /// <exception cref="OperationCanceledException">The relay was cancelled.</exception>
    /// <remarks>
    /// A <see cref="NetworkStream"/> and a <see cref="SecureChannelStream"/> pass on half-closes and errors, and a
    /// <see cref="SslStream"/> passes on half-closes. The end of any other stream can be signalled only by disposing
    /// it, so its peer sees the end once both directions have ended, and cannot tell it from an error.
    /// </remarks>
    public static async Task RunAsync(Stream first, Stream second, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        RelayEnd one = RelayEnd.Of(first);
        RelayEnd other = RelayEnd.Of(second);
        Task forward = Task.Run(() => CopyAsync(one, other, cancellationToken), CancellationToken.None);
        Task backward = Task.Run(() => CopyAsync(other, one, cancellationToken), CancellationToken.None);
        try
        {
            await (
                await Task.WhenAny(forward, backward).WaitAsync(cancellationToken).ConfigureAwait(false)
            ).ConfigureAwait(false);
            await Task.WhenAll(forward, backward).WaitAsync(cancellationToken).ConfigureAwait(false);
            await RunBoundedAsync(one.CloseAsync, other.CloseAsync).ConfigureAwait(false);
        }
        catch
        {
            one.Abort();
            other.Abort();
            await RunBoundedAsync(
                    first.DisposeAsync,
                    second.DisposeAsync,
                    () => new ValueTask(forward),
                    () => new ValueTask(backward)
                )
                .ConfigureAwait(false);
            throw;
        }
    }

    // A stream may never return; after the timeout the calls are abandoned.
    private static async Task RunBoundedAsync(params Func<ValueTask>[] calls)
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

    private static async Task CopyAsync(RelayEnd from, RelayEnd to, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            while (await from.Stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int length)
                await to.Stream.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            from.ThrowIfTruncated();
            await to.CompleteWritesAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
