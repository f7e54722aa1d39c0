using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace SymRatchet.Tunnel.Ends;

/// <summary>The plain connection of an application over a Unix socket of Linux.</summary>
/// <remarks>
/// Such a socket has no reset, and its linger option does nothing. But if it is closed, by this process or by its death,
/// while bytes of the application lie unread in it, the application's reads fail with a reset after what was sent to it.
/// So the last byte that has arrived is read, but left where it is until both directions have ended in order. Before the
/// application has sent its first byte, nothing can be done: its end is always an orderly one.
/// </remarks>
#pragma warning disable CA1001 // without a wait handle there is nothing to dispose
internal sealed class UnixSocketEnd(Socket socket) : SocketEnd(socket)
#pragma warning restore CA1001
{
    private const int LevelSocket = 1;
    private const int PeekOffset = 42; // SO_PEEK_OFF

    private readonly CancellationTokenSource _aborted = new();
    private int _held; // bytes at the front of the socket's queue that were read already

    /// <summary>Makes peeking go on where it ended.</summary>
    /// <returns>False where the system cannot do that.</returns>
    internal static bool TryPrepare(Socket socket)
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            socket.SetRawSocketOption(LevelSocket, PeekOffset, BitConverter.GetBytes(0));
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    // The socket is closed after all calls have returned: to end a call that is in progress, the platform shuts the
    // socket down before it closes it, and the application would see an orderly end.
    internal override void Abort() => _aborted.Cancel();

    // Peeks what follows the held byte, and then removes all but the last byte from the queue.
    private protected override async ValueTask<int> ReceiveAsync(Memory<byte> buffer)
    {
        int length = await Socket.ReceiveAsync(buffer, SocketFlags.Peek, _aborted.Token).ConfigureAwait(false);
        if (length > 0)
        {
            Remove(_held + length - 1);
            _held = 1;
        }

        return length;
    }

    private protected override ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes) =>
        Socket.SendAsync(bytes, SocketFlags.None, _aborted.Token);

    private protected override void MakeOrderly()
    {
        try
        {
            Remove(_held);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            // The application's end is closed, and nobody is left to see how this one ends.
        }
    }

    // They are there, so this does not wait.
    private void Remove(int count)
    {
        if (count == 0)
            return;
        byte[] scratch = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            while (count > 0)
            {
                int length = Socket.Receive(scratch.AsSpan(0, count), SocketFlags.None);
                if (length == 0)
                    throw new IOException("The bytes that were peeked are gone.");
                count -= length;
            }
        }
        finally
        {
            CryptographicOperations.ZeroMemory(scratch);
            ArrayPool<byte>.Shared.Return(scratch);
        }
    }
}
