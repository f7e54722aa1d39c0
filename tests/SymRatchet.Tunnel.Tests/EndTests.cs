using System.Net.Sockets;
using System.Security.Cryptography;
using SymRatchet.TestKit;
using SymRatchet.Tunnel.Ends;

namespace SymRatchet.Tunnel.Tests;

public sealed class EndTests
{
    private static readonly byte[] Request = "request"u8.ToArray();
    private static readonly byte[] Answer = "answer"u8.ToArray();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_half_close_is_carried_and_the_other_direction_goes_on(bool unix)
    {
        await using TunnelPair pair = await TunnelPair.StartAsync(unix: unix);
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
        Assert.All(
            pair.Ends,
            line =>
            {
                Assert.Contains("ended in order", line, StringComparison.Ordinal);
                Assert.Contains("7 bytes to the server, 6 bytes back", line, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task Large_data_arrives_in_both_directions_at_once()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        byte[] data = RandomNumberGenerator.GetBytes(16 << 20);

        Task<byte[]?> atTarget = target.ReadToEndAsync();
        Task<byte[]?> atApplication = application.ReadToEndAsync();
        await Task.WhenAll(SendAsync(application), SendAsync(target));

        Assert.True((await atTarget)!.SequenceEqual(data));
        Assert.True((await atApplication)!.SequenceEqual(data));

        async Task SendAsync(Socket socket)
        {
            await socket.SendAllAsync(data);
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_of_the_application_is_a_reset_at_the_target(bool afterHalfClose)
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket second = target;
        await application.SendAllAsync(Request);
        Assert.Equal(Request, await target.ReadAsync(Request.Length));
        if (afterHalfClose)
            target.Shutdown(SocketShutdown.Send);
        application.Reset();

        Assert.Null(await target.ReadToEndAsync());
    }

    [Fact]
    public async Task A_reset_of_the_target_is_a_reset_at_the_application()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        await target.SendAllAsync(Answer);
        Assert.Equal(Answer, await application.ReadAsync(Answer.Length));
        target.Reset();

        Assert.Null(await application.ReadToEndAsync());
        await Wait.UntilAsync(() => pair.Ends.Count() == 2);
        Assert.Contains(pair.Ends, line => line.Contains("was reset by the target", StringComparison.Ordinal));
        Assert.Contains(pair.Ends, line => line.Contains("was reset by the channel", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_abort_in_the_middle_of_a_write_is_a_reset_and_no_end()
    {
        for (int time = 0; time < 100; time++)
        {
            await using SocketPair pair = await SocketPair.CreateAsync();
            Socket own = ((NetworkStream)pair.Client).Socket;
            PlainSocket.SetReset(own, enabled: true);
            await using var end = SocketEnd.Of(own);
            Socket application = ((NetworkStream)pair.Server).Socket;
            using ManualResetEventSlim flows = new();
            var reading = Task.Run(() =>
            {
                byte[] buffer = new byte[64 * 1024];
                while (application.Receive(buffer) > 0)
                    flows.Set();
            });
            var writing = Task.Run(async () =>
            {
                while (true)
                    await end.WriteAsync(new byte[1024]);
            });
            Assert.True(flows.Wait(Wait.Limit));

            end.Abort();

            await Assert.ThrowsAsync<IOException>(() => writing.WaitAsync(Wait.Limit));
            await Assert.ThrowsAsync<SocketException>(() => reading.WaitAsync(Wait.Limit));
        }
    }

    [SkippableFact]
    public async Task A_Unix_socket_of_which_one_direction_has_ended_is_still_reset_by_an_abort()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "only Linux makes a reset of unread bytes");
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using Socket application = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await application.ConnectAsync(listener.LocalEndPoint!);
        var end = SocketEnd.Of(await listener.AcceptAsync());
        await application.SendAllAsync(Request);
        application.Shutdown(SocketShutdown.Send);
        byte[] buffer = new byte[100];
        Assert.Equal(Request.Length, await end.ReadAsync(buffer));
        Assert.Equal(0, await end.ReadAsync(buffer));

        end.Abort();
        await end.DisposeAsync();

        Assert.Null(await application.ReadToEndAsync());
    }

    /// <summary>The system says once that a connection was reset, to whichever call comes first.</summary>
    [Fact]
    public async Task A_reset_that_a_write_has_seen_is_no_end_to_the_next_read()
    {
        await using SocketPair pair = await SocketPair.CreateAsync();
        await using var end = SocketEnd.Of(((NetworkStream)pair.Client).Socket);
        ((NetworkStream)pair.Server).Socket.Reset();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            while (true)
                await end.WriteAsync(new byte[1]);
        });
        await Assert.ThrowsAsync<IOException>(async () => await end.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Writing_to_an_application_that_has_closed_resets_the_target()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket second = target;
        application.Close(); // in order: to the tunnel a half-close, until it writes
        Assert.Equal(0, await target.ReceiveAsync(new byte[1]));

        // The tunnel takes it for a half-close until its own writes fail.
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (true)
                await target.SendAllAsync(new byte[64 * 1024]);
        });
    }

    [Fact]
    public async Task A_target_that_is_down_resets_the_application()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        pair.Target.Dispose();
        await pair.IsResetAsync();
        await Wait.UntilAsync(() => pair.Ends.Count() == 2);
        Assert.Contains(
            pair.Ends,
            line => line.Contains("found no target: Connection refused", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_server_that_is_down_resets_the_application()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        await pair.Server.StopAsync();
        await pair.IsResetAsync();
        await Wait.UntilAsync(() => pair.Ends.Any());
        Assert.Contains("found no channel", pair.Ends.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_key_and_an_unknown_id_reset_the_application()
    {
        using var wrong = PreSharedKey.Generate("sensor-1");
        using var unknown = PreSharedKey.Generate("sensor-2");
        foreach (PreSharedKey key in (PreSharedKey[])[wrong, unknown])
        {
            await using TunnelPair pair = await TunnelPair.StartAsync(client: options => options.Channel.Key = key);
            await pair.IsResetAsync();
        }
    }

    [Fact]
    public async Task An_id_that_is_revoked_in_mid_transfer_resets_both_sides()
    {
        InMemoryKeyStore? store = null;
        await using TunnelPair pair = await TunnelPair.StartAsync(server: options =>
        {
            store = (InMemoryKeyStore)options.Channel.Keys!;
            options.Channel.ChannelRegistry = new ChannelRegistry(store, options.Channel);
        });
        await using ChannelRegistry registry = pair.ServerOptions.Channel.ChannelRegistry!;
        (Socket application, Socket target) = await pair.OpenAsync();
        using Socket first = application;
        using Socket second = target;
        await application.SendAllAsync(Request);
        await target.ReadAsync(Request.Length);

        await store!.RevokeAsync("sensor-1");

        Assert.Null(await application.ReadToEndAsync());
        Assert.Null(await target.ReadToEndAsync());
    }

    [Fact]
    public async Task A_client_that_stops_waits_for_its_connections_and_then_resets_them()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        (Socket ending, Socket endingTarget) = await pair.OpenAsync();
        (Socket staying, Socket stayingTarget) = await pair.OpenAsync();
        using Socket first = ending;
        using Socket second = endingTarget;
        using Socket third = staying;
        using Socket fourth = stayingTarget;

        Task stopping = pair.Client.StopAsync();
        await Wait.UntilAsync(() => pair.Log.Lines.Any(line => line.Contains("waits up to", StringComparison.Ordinal)));
        await Assert.ThrowsAsync<SocketException>(pair.ConnectAsync);
        await ending.SendAllAsync(Request);
        ending.Shutdown(SocketShutdown.Send);
        Assert.Equal(Request, await endingTarget.ReadToEndAsync());
        endingTarget.Shutdown(SocketShutdown.Send);
        Assert.Empty((await ending.ReadToEndAsync())!);
        Assert.False(stopping.IsCompleted);

        await stopping.WaitAsync(Wait.Limit);
        Assert.Null(await staying.ReadToEndAsync());
        Assert.Null(await stayingTarget.ReadToEndAsync());
        Assert.Equal(0, pair.Client.ConnectionCount);
    }

    [Fact]
    public async Task A_thousand_short_connections_at_once_with_one_key_all_arrive()
    {
        await using TunnelPair pair = await TunnelPair.StartAsync();
        Task echo = Task.Run(async () =>
        {
            for (int i = 0; i < 1000; i++)
            {
                Socket target = await pair.Target.AcceptAsync();
                _ = Task.Run(async () =>
                {
                    using Socket own = target;
                    await own.SendAllAsync((await own.ReadToEndAsync())!);
                });
            }
        });

        byte[]?[] answers = await Task.WhenAll(
            Enumerable
                .Range(0, 1000)
                .Select(async i =>
                {
                    using Socket application = await pair.ConnectAsync();
                    await application.SendAllAsync(BitConverter.GetBytes(i));
                    application.Shutdown(SocketShutdown.Send);
                    return await application.ReadToEndAsync();
                })
        );

        await echo;
        for (int i = 0; i < answers.Length; i++)
            Assert.Equal(BitConverter.GetBytes(i), answers[i]);
    }
}
