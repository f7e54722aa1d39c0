using System.Net.Sockets;

namespace SymRatchet.Tunnel.Tests;

[Collection(Alone.Name)]
public sealed class LifeTests
{
    [Fact]
    public async Task An_application_that_never_reads_stops_the_sender_and_takes_no_memory()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        byte[] chunk = new byte[64 * 1024];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        long sent = 0;
        while (target.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectWrite))
            sent += await target.SendAsync(chunk.AsMemory(0, 1024));

        // What is on the way lies in the systems' socket buffers, some MiB at most, and in two buffers of 64 KiB.
        Assert.InRange(sent, 1, 64 << 20);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 4 << 20);
        target.Shutdown(SocketShutdown.Send);
        byte[]? received = await application.ReadToEndAsync();
        Assert.Equal(sent, received!.Length);
    }

    // The tunnel's side that waits for the application does not read from the channel, so it cannot answer a PING.
    [Fact]
    public async Task A_reader_that_pauses_for_longer_than_the_keep_alive_is_not_taken_for_dead()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync(server: options =>
        {
            options.Channel.KeepAliveInterval = TimeSpan.FromSeconds(6);
            options.Channel.KeepAliveTimeout = TimeSpan.FromSeconds(6);
        });
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        byte[] chunk = new byte[64 * 1024];
        long sent = 0;
        while (target.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectWrite))
            sent += await target.SendAsync(chunk.AsMemory(0, 1024));

        await Task.Delay(TimeSpan.FromSeconds(20));

        target.Shutdown(SocketShutdown.Send);
        byte[]? received = await application.ReadToEndAsync();
        Assert.Equal(sent, received!.Length);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_found_within_30_seconds()
    {
        // A wire that stops to carry anything, and keeps its connections.
        using Socket wire = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        wire.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        wire.Listen();
        using CancellationTokenSource cut = new();
        string? server = null;
        await using TunnelPair pair = await TunnelPair.StartAsync(client: options =>
        {
            server = options.Connect;
            options.Connect = TunnelEndPoint.From(wire.LocalEndPoint!).ToString();
        });
        using Socket application = await pair.ConnectAsync();
        using Socket one = await wire.AcceptAsync().WaitAsync(Wait.Limit);
        using Socket two = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await two.ConnectAsync(TunnelEndPoint.Parse(server!).ToEndPoint());
        Task carrying = Task.WhenAll(CarryAsync(one, two), CarryAsync(two, one));
        using Socket target = await pair.Target.AcceptAsync().WaitAsync(Wait.Limit);
        await application.SendAllAsync(new byte[] { 1 });
        Assert.Equal([1], await target.ReadAsync(1));

        await cut.CancelAsync();
        Task<byte[]?> atApplication = Task.Run(() => ReadAsync(application));
        Task<byte[]?> atTarget = Task.Run(() => ReadAsync(target));
        Assert.Null(await atApplication.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Null(await atTarget.WaitAsync(TimeSpan.FromSeconds(30)));
        await carrying;

        async Task CarryAsync(Socket from, Socket to)
        {
            byte[] buffer = new byte[4096];
            try
            {
                while (await from.ReceiveAsync(buffer, SocketFlags.None, cut.Token) is > 0 and int length)
                    await to.SendAllAsync(buffer.AsMemory(0, length));
            }
            catch (OperationCanceledException)
            {
                // Cut.
            }
        }

        static byte[]? ReadAsync(Socket socket)
        {
            try
            {
                return socket.Receive(new byte[1]) == 0 ? [] : [1];
            }
            catch (SocketException)
            {
                return null;
            }
        }
    }
}
