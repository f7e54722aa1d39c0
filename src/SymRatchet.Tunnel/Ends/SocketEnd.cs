using System.Net.Sockets;
using SymRatchet.Streams;

namespace SymRatchet.Tunnel.Ends;

/// <summary>The plain connection of an application.</summary>
/// <remarks>
/// From its first moment it is set to end by a reset: if this process is killed, the system closes its sockets as if in
/// order, and only this option makes that an error for the application. It is taken away when both directions have
/// ended in order.
/// </remarks>
internal class SocketEnd : RelayEnd
{
    private readonly Socket _socket;
    private readonly ResetDetector _end;
    private int _ended; // directions that have ended in order
    private int _isClosed;

    private protected SocketEnd(Socket socket)
    {
        _socket = socket;
        _end = new ResetDetector(socket);
    }

    private protected Socket Socket => _socket;

    internal static SocketEnd Of(Socket socket) =>
        socket.AddressFamily == AddressFamily.Unix && UnixSocketEnd.TryPrepare(socket)
            ? new UnixSocketEnd(socket)
            : new SocketEnd(socket);

    internal override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        int length;
        try
        {
            length = await ReceiveAsync(buffer).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw new IOException(e.Message, e);
        }

        if (length == 0)
        {
            _end.ThrowIfReset();
            Interlocked.Increment(ref _ended);
        }

        return length;
    }

    internal override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
                bytes = bytes[await SendAsync(bytes).ConfigureAwait(false)..];
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw new IOException(e.Message, e);
        }
    }

    internal override ValueTask CompleteWritesAsync()
    {
        try
        {
            _end.Shutdown();
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException(e.Message, e);
        }

        Interlocked.Increment(ref _ended);
        return default;
    }

    internal override void Abort() => Close(isOrderly: false);

    public override ValueTask DisposeAsync()
    {
        Close(isOrderly: Volatile.Read(ref _ended) == 2);
        return default;
    }

    private void Close(bool isOrderly)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
            return;
        if (isOrderly)
            MakeOrderly();
        _socket.Dispose();
    }

    private protected virtual ValueTask<int> ReceiveAsync(Memory<byte> buffer) =>
        _socket.ReceiveAsync(buffer, SocketFlags.None);

    private protected virtual ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes) =>
        _socket.SendAsync(bytes, SocketFlags.None);

    /// <summary>Takes away what makes the end of the socket a reset.</summary>
    private protected virtual void MakeOrderly() => PlainSocket.SetReset(_socket, enabled: false);

    private static bool IsFailure(Exception e) =>
        e is SocketException or ObjectDisposedException or OperationCanceledException;
}
