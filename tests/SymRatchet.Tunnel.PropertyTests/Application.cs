using System.Net.Sockets;

namespace SymRatchet.Tunnel.PropertyTests;

/// <summary>
/// A program at one end: it sends bytes that show their position, and always reads.
/// </summary>
internal sealed class Application
{
    private readonly Socket _socket;
    private readonly byte _first;

    internal Application(Socket socket, byte first)
    {
        _socket = socket;
        _first = first;
        Received = socket.ReadToEndAsync();
    }

    /// <summary>What it has read to the end; null if the end was an error.</summary>
    internal Task<byte[]?> Received { get; }

    internal int Sent { get; private set; }

    /// <summary>Whether it has sent all that it wanted to, and has said so.</summary>
    internal bool HasEnded { get; private set; }

    /// <summary>Whether it does not read any more, so that nothing can be said of what it received.</summary>
    internal bool IsGone { get; private set; }

    private bool CanSend => !HasEnded && !IsGone;

    internal byte[] ExpectedAtPeer => BytesAt(0, Sent);

    internal async Task SendAsync(int count)
    {
        if (!CanSend)
            return;
        try
        {
            await _socket.SendAllAsync(BytesAt(Sent, count));
            Sent += count;
        }
        catch (SocketException)
        {
            GoAway(); // it knows that something is wrong
        }
    }

    internal void HalfClose()
    {
        if (!CanSend)
            return;
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
            HasEnded = true;
        }
        catch (SocketException)
        {
            GoAway();
        }
    }

    internal void Close()
    {
        // The system makes it a reset if something was not read.
        HasEnded |= CanSend;
        GoAway();
    }

    internal void Reset()
    {
        if (IsGone)
            return;
        if (_socket.AddressFamily == AddressFamily.Unix)
        {
            // There is no such thing: to everybody else it is a close.
            Close();
            return;
        }

        _socket.LingerState = new LingerOption(true, 0);
        GoAway();
    }

    private void GoAway()
    {
        IsGone = true;
        _socket.Dispose();
    }

    private byte[] BytesAt(int start, int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
            bytes[i] = (byte)(_first + ((start + i) * 31));
        return bytes;
    }
}
