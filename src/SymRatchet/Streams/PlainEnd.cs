using System.Net.Sockets;

namespace SymRatchet.Streams;

/// <summary>
/// How a plain connection ends. A system tells of a reset once: where a write was told, a read gets 0, as at an
/// orderly end. So an end is believed only of a connection that could still be written to, or was shut down here.
/// </summary>
internal sealed class PlainEnd(Socket socket)
{
    private readonly Lock _gate = new();
    private bool _isShutDown;

    /// <summary>Asked after a read that got 0.</summary>
    internal void ThrowIfReset()
    {
        lock (_gate)
        {
            // Where it takes nothing now it stands, and its peer is slow: one that was reset refuses at once.
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
