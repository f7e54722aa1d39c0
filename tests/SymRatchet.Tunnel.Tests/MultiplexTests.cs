using System.Net.Sockets;
using System.Security.Cryptography;
using SymRatchet.TestKit;
using SymRatchet.Tunnel.Multiplexing;

namespace SymRatchet.Tunnel.Tests;

/// <summary>Many connections over one channel.</summary>
public sealed class MultiplexTests
{
    private const StringComparison Ordinal = StringComparison.Ordinal;

    private static readonly byte[] Request = "request"u8.ToArray();
    private static readonly byte[] Answer = "answer"u8.ToArray();

    [Fact]
    public async Task A_half_close_is_carried_and_the_other_direction_goes_on()
    {
        await using TunnelPair pair = await StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;

        await application.SendAllAsync(Request);
        application.Shutdown(SocketShutdown.Send);
        Assert.Equal(Request, await target.ReadToEndAsync());
        await target.SendAllAsync(Answer);
        target.Dispose();
        Assert.Equal(Answer, await application.ReadToEndAsync());
        await Wait.UntilAsync(() => pair.Ends.Count() == 2);
        Assert.All(pair.Ends, line => Assert.Contains("ended in order", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Large_data_arrives_in_both_directions_at_once_over_several_connections()
    {
        await using TunnelPair pair = await StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => ExchangeAsync(pair, 8 << 20))));
    }

    [Fact]
    public async Task Hundreds_of_connections_need_one_handshake()
    {
        await using TunnelPair pair = await StartAsync();
        await Task.WhenAll(
            Enumerable
                .Range(0, 300)
                .Select(async i =>
                {
                    using Socket application = await pair.ConnectAsync();
                    await application.SendAllAsync(BitConverter.GetBytes(i));
                    application.Shutdown(SocketShutdown.Send);
                    Assert.Equal(BitConverter.GetBytes(i), await application.ReadToEndAsync());
                })
                .Append(EchoAsync(pair.Target, 300))
        );
        using StoredKey? key = await pair.Keys.FindAsync("sensor-1");
        Assert.Equal(1, key!.Epoch);
    }

    [Fact]
    public async Task A_client_that_opens_far_more_than_its_limit_gets_no_more_and_keeps_nobody_out()
    {
        const int Limit = 5;
        const int Opened = 2_000;
        await using TunnelPair pair = await TunnelPair.StartAsync(
            options => (options.Multiplex, options.MaxConnectionsPerId) = (true, Limit),
            options => options.Multiplex = true
        );
        using var key = PreSharedKey.Generate("hostile");
        pair.Keys.Add(key);
        await using ISecureChannel channel = await SecureChannel.ConnectAsync(
            pair.Server.LocalEndPoint,
            new SecureChannelClientOptions { Key = key }
        );
        await using Link link = await Link.StartAsync(channel, null, LinkKind.Forward, null, default);
        int most = 0;

        await Parallel.ForEachAsync(
            Enumerable.Range(0, Opened),
            new ParallelOptions { MaxDegreeOfParallelism = 50 },
            async (_, cancel) =>
            {
                await link.OpenAsync(null, cancel);
                InterlockedMax(ref most, pair.Server.ConnectionCount);
            }
        );

        await Wait.UntilAsync(() => pair.Ends.Count() == Opened - Limit);
        Assert.All(pair.Ends, line => Assert.Contains("one id is reached", line, StringComparison.Ordinal));
        Assert.Equal(Limit, most);
        for (int i = 0; i < Limit; i++)
            (await pair.Target.AcceptAsync().WaitAsync(Wait.Limit)).Dispose();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        await application.SendAllAsync(new byte[] { 42 });
        Assert.Equal([42], await target.ReadAsync(1));

        static void InterlockedMax(ref int most, int value)
        {
            for (int seen = most; value > seen; seen = Volatile.Read(ref most))
                Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    [Fact]
    public async Task A_connection_that_is_not_read_holds_up_no_other_and_takes_bounded_memory()
    {
        await using TunnelPair pair = await StartAsync();
        (Socket stalled, Socket unread) = await pair.OpenAsync();
        using Socket first = stalled;
        using Socket second = unread;
        stalled.SendTimeout = 1_000;
        byte[] block = new byte[64 * 1024];
        long sent = 0;
        using CancellationTokenSource full = new(TimeSpan.FromSeconds(3));
        try
        {
            while (true)
                sent += await stalled.SendAsync(block, full.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.InRange(sent, 1, 64 << 20);
        }

        await ExchangeAsync(pair, 1 << 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_of_one_side_is_a_reset_of_the_other_and_of_no_other_connection(bool byTarget)
    {
        await using TunnelPair pair = await StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        (Socket otherApplication, Socket otherTarget) = await pair.OpenAsync();
        using Socket first = otherApplication;
        using Socket second = otherTarget;
        await application.SendAllAsync(Request);
        Assert.Equal(Request, await target.ReadAsync(Request.Length));

        (Socket resets, Socket sees) = byTarget ? (target, application) : (application, target);
        resets.LingerState = new LingerOption(true, 0);
        resets.Dispose();
        Assert.Null(await sees.ReadToEndAsync());
        sees.Dispose();
        await otherApplication.SendAllAsync(Request);
        Assert.Equal(Request, await otherTarget.ReadAsync(Request.Length));
    }

    [Fact]
    public async Task When_the_channel_fails_its_connections_are_reset_and_the_next_gets_another_channel()
    {
        ChannelRegistry? registry = null;
        await using TunnelPair pair = await StartAsync(server =>
        {
            registry = new ChannelRegistry((InMemoryKeyStore)server.Channel.Keys!);
            server.Channel.ChannelRegistry = registry;
        });
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        Assert.True(await pair.Keys.RevokeAsync("sensor-1"));
        Assert.Null(await application.ReadToEndAsync());
        Assert.Null(await target.ReadToEndAsync());

        await pair.IsResetAsync();
        await registry!.DisposeAsync();
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task If_one_side_only_multiplexes_nothing_is_delivered_and_the_log_says_why(bool server, bool client)
    {
        await using TunnelPair pair = await TunnelPair.StartAsync(
            options => options.Multiplex = server,
            options =>
            {
                options.Multiplex = client;
                options.ConnectTimeout = TimeSpan.FromSeconds(5);
            }
        );
        await pair.IsResetAsync();
        await Wait.UntilAsync(() =>
            pair.Log.Lines.Any(line =>
                line.Contains("need", StringComparison.Ordinal)
                && line.Contains("same option", StringComparison.Ordinal)
            )
        );
        if (pair.Target.Poll(0, SelectMode.SelectRead))
        {
            using Socket reached = await pair.Target.AcceptAsync();
            Assert.Null(await reached.ReadToEndAsync());
        }
    }

    [Fact]
    public async Task A_stop_lets_connections_end_and_then_ends_the_channel()
    {
        await using TunnelPair pair = await StartAsync(server => server.DrainTimeout = TimeSpan.FromSeconds(20));
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        Task stopped = pair.Server.StopAsync();
        await application.SendAllAsync(Request);
        application.Shutdown(SocketShutdown.Send);
        Assert.Equal(Request, await target.ReadToEndAsync());
        Assert.False(stopped.IsCompleted);
        target.Dispose();
        Assert.Empty((await application.ReadToEndAsync())!);
        await stopped.WaitAsync(Wait.Limit);
    }

    // What lies in the link's window has been sent, and is lost with the link.
    [Fact]
    public async Task A_stop_waits_for_a_slow_reader_of_what_was_sent_before()
    {
        await using TunnelPair pair = await StartAsync(server => server.DrainTimeout = TimeSpan.FromSeconds(30));
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        application.Shutdown(SocketShutdown.Send);
        byte[] chunk = new byte[1024];
        long sent = 0;
        while (target.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectWrite))
            sent += await target.SendAsync(chunk);

        target.Dispose();
        Task stopped = pair.Server.StopAsync();
        long received = 0;
        while (received < sent && !stopped.IsCompleted)
        {
            received += (await application.ReadAsync((int)Math.Min(128 * 1024, sent - received))).Length;
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        Assert.Equal(sent, received + (await application.ReadToEndAsync())!.Length);
        await stopped.WaitAsync(Wait.Limit);
    }

    [Fact]
    public async Task A_reload_of_the_client_keeps_connections_and_ends_the_old_channel_after_them()
    {
        await using TunnelPair pair = await StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        TunnelClientOptions options = new(pair.ClientOptions)
        {
            Listen = TunnelEndPoint.From(pair.Client.LocalEndPoint).ToString(),
        };
        // The port 0 of the first options is another text than the port that the system chose.
        await Assert.ThrowsAsync<ArgumentException>(() => Task.Run(() => pair.Client.Reload(options)));
        pair.Client.Reload(pair.ClientOptions);
        await application.SendAllAsync(Request);
        Assert.Equal(Request, await target.ReadAsync(Request.Length));
        await ExchangeAsync(pair, 100_000);
        using StoredKey? key = await pair.Keys.FindAsync("sensor-1");
        Assert.Equal(2, key!.Epoch);

        application.Dispose();
        target.Dispose();
        await Wait.UntilAsync(() => pair.Log.Lines.Any(line => line.StartsWith("Channel of sensor-1 ", Ordinal)));
    }

    [Fact]
    public async Task A_server_opens_no_connection_to_a_client_that_did_not_ask_for_it()
    {
        await using ChannelPair channels = await ChannelPair.CreateAsync();
        Task<Link> asking = Link.StartAsync(channels.Client, null, LinkKind.Forward, onOffered: null, default);
        await using Link server = await Link.StartAsync(
            channels.Server,
            null,
            LinkKind.Forward,
            (_, _) => { },
            default
        );
        await using Link client = await asking;
        using CancellationTokenSource limit = new(Wait.Limit);
        await Assert.ThrowsAsync<IOException>(async () => await server.OpenAsync(null, limit.Token));
    }

    private static Task<TunnelPair> StartAsync(Action<TunnelServerOptions>? server = null) =>
        TunnelPair.StartAsync(
            options =>
            {
                options.Multiplex = true;
                server?.Invoke(options);
            },
            options => options.Multiplex = true
        );

    private static async Task ExchangeAsync(TunnelPair pair, int size)
    {
        byte[] data = RandomNumberGenerator.GetBytes(size);
        using Socket application = await pair.ConnectAsync();
        using Socket target = await pair.Target.AcceptAsync().WaitAsync(Wait.Limit);
        Task<byte[]?> atTarget = target.ReadToEndAsync();
        Task<byte[]?> atApplication = application.ReadToEndAsync();
        await Task.WhenAll(SendAsync(application), SendAsync(target));

        // Connections that are made at once may be paired crosswise, so only the sizes can be compared.
        Assert.Equal(size, (await atTarget)!.Length);
        Assert.Equal(size, (await atApplication)!.Length);

        async Task SendAsync(Socket socket)
        {
            await socket.SendAllAsync(data);
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    private static async Task EchoAsync(Socket listener, int count)
    {
        List<Task> echoes = [];
        for (int i = 0; i < count; i++)
        {
            Socket socket = await listener.AcceptAsync().WaitAsync(Wait.Limit);
            echoes.Add(EchoOneAsync(socket));
        }

        await Task.WhenAll(echoes);

        static async Task EchoOneAsync(Socket socket)
        {
            using (socket)
                await socket.SendAllAsync((await socket.ReadToEndAsync())!);
        }
    }
}
