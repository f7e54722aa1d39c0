using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel.Tests;

/// <summary>Whose machine has vanished is told from who only does not read.</summary>
public sealed class PeerLifeTests
{
    [SkippableFact]
    public async Task A_machine_that_vanishes_is_found_and_a_reader_that_pauses_is_not_taken_for_one()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "only Linux can be asked");
        (Socket vanishing, Socket peer) = await ConnectAsync();
        (Socket pausing, Socket reader) = await ConnectAsync();
        using (vanishing)
        using (peer)
        using (pausing)
        using (reader)
        {
            await vanishing.SendAsync(new byte[1]);
            await FillAsync(pausing);
            Assert.False(PeerLife.HasVanished(vanishing));

            DropAllPackets(peer);
            await vanishing.SendAsync(new byte[1]);

            var watch = Stopwatch.StartNew();
            while (!PeerLife.HasVanished(vanishing))
            {
                Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
                await Task.Delay(100);
            }

            Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60));
            Assert.False(PeerLife.HasVanished(pausing));
        }
    }

    [Fact]
    public async Task A_socket_that_is_closed_or_of_the_same_machine_has_no_peer_to_ask_for()
    {
        (Socket closed, Socket peer) = await ConnectAsync();
        closed.Dispose();
        peer.Dispose();
        Assert.False(PeerLife.HasVanished(closed));
        using Socket unix = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Assert.False(PeerLife.HasVanished(unix));
    }

    private static async Task<(Socket, Socket)> ConnectAsync()
    {
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Socket one = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await one.ConnectAsync(listener.LocalEndPoint!);
        return (one, await listener.AcceptAsync());
    }

    // Until its peer's window is closed, so that the system asks again and again whether it is open.
    private static async Task FillAsync(Socket socket)
    {
        byte[] bytes = new byte[64 * 1024];
        try
        {
            while (true)
            {
                using CancellationTokenSource full = new(TimeSpan.FromMilliseconds(200));
                await socket.SendAsync(bytes, full.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Full.
        }
    }

    // Linux's SO_ATTACH_FILTER with a program that keeps no packet: to its peer the socket is on a machine that is
    // gone.
    private static void DropAllPackets(Socket socket)
    {
        const int levelSocket = 1;
        const int attachFilter = 26;
        ulong[] program = [0x06]; // BPF_RET | BPF_K, with 0 for the bytes to keep
        GCHandle pinned = GCHandle.Alloc(program, GCHandleType.Pinned);
        try
        {
            byte[] filter = new byte[2 * IntPtr.Size]; // struct sock_fprog
            BitConverter.TryWriteBytes(filter, (ushort)program.Length);
            BitConverter.TryWriteBytes(filter.AsSpan(IntPtr.Size), pinned.AddrOfPinnedObject());
            socket.SetRawSocketOption(levelSocket, attachFilter, filter);
        }
        finally
        {
            pinned.Free();
        }
    }
}
