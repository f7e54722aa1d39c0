using System.Net.Sockets;

namespace SymRatchet.Streams;

/// <summary>
/// Tells a reset of a plain connection from an orderly end. The system reports a reset only once: if a write got the
/// error, a read returns 0 as after an orderly end. So an end counts as orderly only if the connection can still be
/// written to, or was shut down by this side.
/// </summary>
internal sealed class ResetDetector(Socket socket)
{
    private readonly Lock _gate = new();
    private bool _isShutDown;

    /// <summary>Throws if the connection was reset; called after a read that returned 0.</summary>
    internal void ThrowIfReset()
    {
        lock (_gate)
        {
            // If it is not writable now, its send buffer is full, so it was not reset: a reset connection is writable.
            if (!_isShutDown && socket.Poll(TimeSpan.Zero, SelectMode.SelectWrite))
                OrIOException(() => socket.Send(ReadOnlySpan<byte>.Empty));
        }
    }

    internal void Shutdown()
    {
        lock (_gate)
        {
            OrIOException(() => socket.Shutdown(SocketShutdown.Send));
            _isShutDown = true;
        }
    }

    private static void OrIOException(Action call)
    {
        try
        {
            call();
        }
        catch (SocketException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
