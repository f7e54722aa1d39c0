using System.Net;
using System.Net.Sockets;

namespace SymRatchet.Tunnel.Tests;

/// <summary>Whoever changes what passes between both ends of a tunnel makes errors, and nothing else.</summary>
public sealed class ManInTheMiddleTests
{
    private const int Sent = 4 << 20;

    public static TheoryData<Meddling, bool, bool> Ways()
    {
        TheoryData<Meddling, bool, bool> ways = [];
        foreach (Meddling how in Enum.GetValues<Meddling>())
        foreach (bool toServer in (bool[])[false, true])
        foreach (bool multiplex in (bool[])[false, true])
            ways.Add(how, toServer, multiplex);
        return ways;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task No_wrong_byte_and_no_early_end_arrives(Meddling how, bool toServer, bool multiplex)
    {
        using Socket between = Listen();
        EndPoint? server = null;
        await using TunnelPair pair = await TunnelPair.StartAsync(
            options => options.Multiplex = multiplex,
            options =>
            {
                options.Multiplex = multiplex;
                server = TunnelEndPoint.Parse(options.Connect!).ToEndPoint();
                options.Connect = between.LocalEndPoint!.ToString();
            }
        );
        Task meddling = MeddleAsync(between, server!, how, toServer);
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        byte[] bytes = new byte[Sent];
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(i * 31 >> 7);

        Task<(int, bool)> up = ReceiveAsync(target, bytes);
        Task<(int, bool)> down = ReceiveAsync(application, bytes);
        // The system says once that a connection was reset: to the read, or to a write at the same time.
        bool[] wereSent = await Task.WhenAll(SendAsync(application, bytes), SendAsync(target, bytes));
        (int receivedUp, bool upHasEnded) = await up;
        (int receivedDown, bool downHasEnded) = await down;

        // The other direction may have been through already.
        bool isWhole = toServer ? upHasEnded && wereSent[1] : downHasEnded && wereSent[0];
        Assert.False(isWhole, $"{receivedUp} and {receivedDown} bytes, and an orderly end");
        await meddling.WaitAsync(Wait.Limit);
    }

    /// <summary>What the man in the middle does, after some bytes.</summary>
    public enum Meddling
    {
        /// <summary>Changes one bit.</summary>
        Flip,

        /// <summary>Ends in order.</summary>
        End,

        /// <summary>Sends a piece twice.</summary>
        Repeat,

        /// <summary>Leaves a piece out.</summary>
        Drop,
    }

    // Returns whether no error was seen.
    private static async Task<bool> SendAsync(Socket socket, byte[] bytes)
    {
        try
        {
            await socket.SendAllAsync(bytes);
            socket.Shutdown(SocketShutdown.Send);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // What arrives is what was sent, up to where it ends; and whether it ended in order.
    private static async Task<(int Length, bool HasEnded)> ReceiveAsync(Socket socket, byte[] expected)
    {
        byte[] buffer = new byte[64 * 1024];
        int received = 0;
        try
        {
            while (await socket.ReceiveAsync(buffer).WaitAsync(Wait.Limit) is > 0 and int length)
            {
                Assert.True(buffer.AsSpan(0, length).SequenceEqual(expected.AsSpan(received, length)));
                received += length;
            }
        }
        catch (SocketException)
        {
            return (received, false);
        }

        return (received, true);
    }

    private static Socket Listen()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen();
        return socket;
    }

    private static async Task MeddleAsync(Socket between, EndPoint server, Meddling how, bool toServer)
    {
        using Socket client = await between.AcceptAsync().WaitAsync(Wait.Limit);
        using Socket onward = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await onward.ConnectAsync(server);
        await Task.WhenAll(
            CopyAsync(client, onward, toServer ? how : null),
            CopyAsync(onward, client, toServer ? null : how)
        );
    }

    private static async Task CopyAsync(Socket from, Socket to, Meddling? how)
    {
        byte[] buffer = new byte[16 * 1024];
        long passed = 0;
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and int length)
            {
                passed += length;
                // Beyond the handshake, and before the end.
                bool isNow = how is not null && passed > Sent / 2;
                if (isNow && how == Meddling.End)
                    break;
                if (isNow && how == Meddling.Flip)
                    buffer[length / 2] ^= 1;
                if (!isNow || how != Meddling.Drop)
                    await to.SendAllAsync(buffer.AsMemory(0, length));
                if (isNow && how == Meddling.Repeat)
                    await to.SendAllAsync(buffer.AsMemory(0, length));
                if (isNow)
                    how = null;
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The tunnel has ended it, or the other direction has.
            to.Reset();
        }
    }
}
