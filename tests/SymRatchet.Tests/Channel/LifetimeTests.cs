using System.IO.Pipelines;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>
/// Whatever a peer, a transport or another call does: every call returns, and nothing is delivered after the end.
/// </summary>
public sealed class LifetimeTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    // A flush waits until the other side has read.
    private static readonly PipeOptions Narrow = new(
        pauseWriterThreshold: 1,
        resumeWriterThreshold: 1,
        useSynchronizationContext: false
    );

    [Fact]
    public void The_table_is_whole_and_only_moves_towards_the_end()
    {
        foreach (ChannelState state in Enum.GetValues<ChannelState>())
        {
            foreach (ChannelEvent happened in Enum.GetValues<ChannelEvent>())
                Assert.True(ChannelLifetime.Next(state, happened) is not { } next || next > state);
            Assert.Equal(
                state == ChannelState.Ended ? null : ChannelState.Ended,
                ChannelLifetime.Next(state, ChannelEvent.End)
            );
        }

        Assert.Equal(ChannelState.Closed, ChannelLifetime.Next(ChannelState.ClosingIn, ChannelEvent.OwnClose));
        Assert.Equal(ChannelState.Closed, ChannelLifetime.Next(ChannelState.ClosingOut, ChannelEvent.PeerClose));
        Assert.Null(ChannelLifetime.Next(ChannelState.Closed, ChannelEvent.PeerClose));
    }

    [Fact]
    public async Task Two_peers_with_a_ping_and_a_full_pipe_each_do_not_wait_for_each_other()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        byte[] message = new byte[65_000];
        Task<TimeSpan> pings = Task.WhenAll(pair.Client.PingAsync().AsTask(), pair.Server.PingAsync().AsTask())
            .ContinueWith(t => t.Result[0]);
        Task sends = Task.WhenAll(pair.Client.SendAsync(message).AsTask(), pair.Server.SendAsync(message).AsTask());
        byte[]?[] received = await Task.WhenAll(
                ChannelPair.ReceiveAsync(pair.Client),
                ChannelPair.ReceiveAsync(pair.Server)
            )
            .WaitAsync(Soon);
        Assert.All(received, bytes => Assert.Equal(message.Length, bytes!.Length));
        await sends.WaitAsync(Soon);

        // The answers to the pings come with the next receive.
        using CancellationTokenSource enough = new();
        Task receiving = Task.WhenAll(
            ChannelPair.ReceiveAsync(pair.Client, enough.Token),
            ChannelPair.ReceiveAsync(pair.Server, enough.Token)
        );
        await pings.WaitAsync(Soon);
        await enough.CancelAsync();
        await receiving.ContinueWith(_ => { });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_pings_and_reads_nothing_is_answered_no_more_after_its_end(bool abort)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(pipeOptions: Narrow);
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        for (int i = 0; i < 3; i++)
            await PingOnceAsync(pair.Client);
        Assert.False(receiving.IsCompleted);

        if (abort)
            pair.Server.Abort();
        else
            await pair.Server.DisposeAsync().AsTask().WaitAsync(Soon);
        await Assert.ThrowsAnyAsync<Exception>(() => receiving).WaitAsync(Soon);
        await Assert.ThrowsAnyAsync<Exception>(() => ChannelPair.ReceiveAsync(pair.Server)).WaitAsync(Soon);
        await Assert.ThrowsAnyAsync<Exception>(async () => await pair.Server.SendAsync(new byte[1])).WaitAsync(Soon);
        Assert.Equal(ProtocolPhase.Terminated, pair.Server.Phase);
    }

    [Fact]
    [Requirement("R6.5-2")]
    public async Task A_client_that_pings_without_end_and_reads_nothing_does_not_stop_the_servers_reading()
    {
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);

        // Nobody receives at the client, so no ping is answered and each is given up at once. They are posted faster
        // than they leave; a send carries the last one with it.
        for (int i = 0; i < 200_000; i++)
        {
            await PingOnceAsync(pair.Client);
            if (i % 100 == 0)
                await pair.Client.FlushAsync().AsTask().WaitAsync(Soon);
        }

        await pair.Client.SendAsync(new byte[] { 5 }).AsTask().WaitAsync(Soon);
        Assert.Equal([5], await receiving.WaitAsync(Soon));
    }

    [Fact]
    public async Task Disposing_returns_while_a_ping_cannot_leave()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(pipeOptions: Narrow);
        Task ping = pair.Client.PingAsync().AsTask();
        await pair.Client.DisposeAsync().AsTask().WaitAsync(Soon);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => ping).WaitAsync(Soon);
    }

    [Fact]
    public async Task A_cancelled_ping_returns_and_leaves_the_channel_usable()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        using CancellationTokenSource source = new();
        Task ping = pair.Client.PingAsync(source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ping).WaitAsync(Soon);
        await pair.RoundAsync([1], [2]);

        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Client);
        Task<byte[]?> answering = ChannelPair.ReceiveAsync(pair.Server);
        await pair.Client.PingAsync().AsTask().WaitAsync(Soon);
        await pair.Client.CloseAsync();
        await pair.Server.CloseAsync();
        Assert.Null(await answering);
        Assert.Null(await receiving);
    }

    [Fact]
    public async Task A_ping_after_the_peers_close_is_refused_and_does_not_wait()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Server.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Client));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.PingAsync()).WaitAsync(Soon);
        await pair.Client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
    }

    [Fact]
    public async Task Every_ping_of_thousands_beside_sends_is_answered()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        using CancellationTokenSource enough = new();
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Client, enough.Token);
        Task serving = Task.Run(async () =>
        {
            while (await ChannelPair.ReceiveAsync(pair.Server) is not null) { }
        });
        Task chatter = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
                await pair.Client.SendAsync(new byte[10]);
        });
        for (int i = 0; i < 3_000; i++)
            await pair.Client.PingAsync().AsTask().WaitAsync(Soon);
        await enough.CancelAsync();
        await chatter;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving);
        await pair.Client.CloseAsync();
        await serving.WaitAsync(Soon);
    }

    [Theory]
    [InlineData(ChannelProtocol.V1)]
    [InlineData(ChannelProtocol.Seed)]
    public async Task A_waiting_receive_learns_that_the_channel_was_ended_and_never_of_a_close(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(protocol),
            ChannelPair.ServerOptions(protocol)
        );
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        pair.Server.Abort();
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => receiving).WaitAsync(Soon);
        Assert.Equal(SecureChannelError.Aborted, error.Error);
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Client)).WaitAsync(Soon);
    }

    [Fact]
    public async Task A_message_that_came_before_the_end_is_not_delivered_after_it()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.SendAsync(new byte[] { 1 });
        await pair.Client.SendAsync(new byte[] { 2 });
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        pair.Server.Abort();
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server));
    }

    [Fact]
    public async Task A_channel_that_has_ended_says_so_by_its_token_and_a_closed_one_does_not()
    {
        await using ChannelPair closed = await ChannelPair.CreateAsync();
        CancellationToken ended = closed.Client.Ended;
        await closed.Client.CloseAsync();
        await closed.Server.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(closed.Client));
        Assert.False(ended.IsCancellationRequested);

        await using ChannelPair aborted = await ChannelPair.CreateAsync();
        TaskCompletionSource told = new();
        using CancellationTokenRegistration registration = aborted.Client.Ended.Register(told.SetResult);
        aborted.Client.Abort();
        await told.Task.WaitAsync(Soon);
        Assert.True(aborted.Client.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task A_cancelled_send_is_not_begun_again()
    {
        // The stream takes half of a write, and then waits; a second write from the start would show the peer the same
        // bytes twice.
        await using SocketPair sockets = await SocketPair.CreateAsync();
        HalfStream half = new(sockets.Client);
        Task<ISecureChannel> accepting = SecureChannel
            .AcceptAsync(sockets.Server, ChannelPair.ServerOptions(ChannelProtocol.V1))
            .AsTask();
        await using ISecureChannel client = await SecureChannel.ConnectAsync(
            half,
            ChannelPair.ClientOptions(ChannelProtocol.V1)
        );
        await using ISecureChannel server = await accepting;
        half.IsHalf = true;
        using CancellationTokenSource source = new();
        Task sending = client.SendAsync(new byte[1000], source.Token).AsTask();
        await half.Written.Task.WaitAsync(Soon);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending).WaitAsync(Soon);
        await client.DisposeAsync().AsTask().WaitAsync(Soon);
        var error = await Assert
            .ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(server))
            .WaitAsync(Soon);
        Assert.Equal(SecureChannelError.Truncated, error.Error);
        Assert.Equal(1, half.Writes);
    }

    [Fact]
    [Requirement("R5.5-3")]
    public async Task A_close_before_the_servers_confirm_arrives_is_a_close()
    {
        SecureChannelClientOptions options = ChannelPair.ClientOptions(ChannelProtocol.V1);
        options.SendBeforeConfirm = true;
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            options,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        Assert.Equal(ProtocolPhase.Confirming, pair.Client.Phase);
        await pair.Client.SendAsync(new byte[] { 1 });
        await pair.Client.CloseAsync();
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
        await pair.Server.SendAsync(new byte[] { 2 });
        Assert.Equal([2], await ChannelPair.ReceiveAsync(pair.Client));
    }

    [Fact]
    public async Task A_transport_that_never_comes_back_holds_up_nobody()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        DeafStream deaf = new(sockets.Server);
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(sockets.Client, ChannelPair.ClientOptions(ChannelProtocol.V1))
            .AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(deaf, ChannelPair.ServerOptions(ChannelProtocol.V1));
        await using ISecureChannel client = await connecting;
        deaf.Strike();
        using CancellationTokenSource source = new();
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(server, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => receiving).WaitAsync(Soon);

        Task<byte[]?> again = ChannelPair.ReceiveAsync(server);
        Task sending = server.SendAsync(new byte[10]).AsTask();
        await server.DisposeAsync().AsTask().WaitAsync(Soon);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => again).WaitAsync(Soon);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sending).WaitAsync(Soon);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_transport_that_never_comes_back_holds_up_no_handshake(bool cancel)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        DeafStream deaf = new(sockets.Client);
        deaf.Strike();
        SecureChannelClientOptions options = ChannelPair.ClientOptions(ChannelProtocol.V1);
        options.HandshakeTimeout = TimeSpan.FromSeconds(cancel ? 100 : 1);
        using CancellationTokenSource source = new(TimeSpan.FromSeconds(1));
        ValueTask<ISecureChannel> connecting = SecureChannel.ConnectAsync(
            deaf,
            options,
            cancel ? source.Token : default
        );
        if (cancel)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting.AsTask().WaitAsync(Soon));
        else
            Assert.Equal(
                SecureChannelError.Timeout,
                (await Assert.ThrowsAsync<SecureChannelException>(() => connecting.AsTask().WaitAsync(Soon))).Error
            );
    }

    [Theory]
    [InlineData(ChannelRole.Client)]
    [InlineData(ChannelRole.Server)]
    public async Task A_stream_that_blocks_its_thread_holds_up_no_handshake(ChannelRole role)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using BlockingStream blocking = new(role == ChannelRole.Client ? sockets.Client : sockets.Server);
        blocking.Block();
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        client.HandshakeTimeout = server.HandshakeTimeout = TimeSpan.FromSeconds(0.5);
        Task<ISecureChannel> handshake = await Task.Run(() =>
                Task.FromResult(
                    role == ChannelRole.Client
                        ? SecureChannel.ConnectAsync(blocking, client).AsTask()
                        : SecureChannel.AcceptAsync(blocking, server).AsTask()
                )
            )
            .WaitAsync(Soon);
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => handshake.WaitAsync(Soon));
        Assert.Equal(SecureChannelError.Timeout, error.Error);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_blocks_its_thread_holds_up_nobody_who_ends_the_channel(bool abort)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using BlockingStream blocking = new(sockets.Server);
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(sockets.Client, ChannelPair.ClientOptions(ChannelProtocol.V1))
            .AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(
            blocking,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        await using ISecureChannel client = await connecting;
        blocking.Block();
        Task sending = Task.Run(() => server.SendAsync(new byte[10]).AsTask());
        Task<byte[]?> receiving = Task.Run(() => ChannelPair.ReceiveAsync(server));
        await blocking.Blocked.WaitAsync(Soon);
        if (abort)
            await Task.Run(server.Abort).WaitAsync(Soon);
        await server.DisposeAsync().AsTask().WaitAsync(Soon);
        Assert.Equal(ProtocolPhase.Terminated, server.Phase);

        // The calls themselves come back when their threads do.
        blocking.Unblock();
        await Assert.ThrowsAnyAsync<Exception>(() => sending).WaitAsync(Soon);
        await Assert.ThrowsAnyAsync<Exception>(() => receiving).WaitAsync(Soon);
    }

    [Fact]
    public async Task A_peer_learns_of_a_cancelled_send_whose_frame_arrives_whole()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(pipeOptions: Narrow);
        using CancellationTokenSource source = new();
        Task sending = pair.Client.SendAsync(new byte[] { 1 }, source.Token).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending).WaitAsync(Soon);
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon));
        var error = await Assert.ThrowsAsync<SecureChannelException>(() =>
            ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon)
        );
        Assert.Equal(SecureChannelError.TerminatedByPeer, error.Error);
    }

    [Fact]
    public async Task A_pipe_that_its_owner_completed_first_does_not_keep_a_channel_from_being_disposed()
    {
        PipePair pipes = new();
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        options.LeaveOpen = true;
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(pipes.Client, ChannelPair.ClientOptions(ChannelProtocol.V1))
            .AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(pipes.Server, options);
        await using ISecureChannel client = await connecting;
        await client.WriteAsync(new byte[10]);
        await client.SendAsync(new byte[10]);
        Assert.Equal(10, (await ChannelPair.ReceiveAsync(server))!.Length);
        await pipes.Server.Input.CompleteAsync();
        server.Abort();
        await server.DisposeAsync().AsTask().WaitAsync(Soon);
        await server.DisposeAsync().AsTask().WaitAsync(Soon);
    }

    [Fact]
    public async Task A_close_that_cannot_leave_fails_for_all_who_wait_for_it()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(pipeOptions: Narrow);
        Task first = pair.Client.CloseAsync().AsTask();
        Task second = pair.Client.CloseAsync().AsTask();
        Assert.False(first.IsCompleted || second.IsCompleted);
        await pair.Server.DisposeAsync().AsTask().WaitAsync(Soon);
        foreach (Task close in new[] { first, second, pair.Client.CloseAsync().AsTask() })
        {
            var error = await Assert.ThrowsAsync<SecureChannelException>(() => close.WaitAsync(Soon));
            Assert.Equal(SecureChannelError.Transport, error.Error);
        }
    }

    [Fact]
    public async Task A_log_that_throws_keeps_no_channel_from_ending()
    {
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        using ThrowingLoggerFactory logs = new();
        options.LoggerFactory = logs;
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            options
        );
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        logs.Throws = true;
        pair.Server.Abort();
        await Assert.ThrowsAsync<SecureChannelException>(() => receiving).WaitAsync(Soon);
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Client)).WaitAsync(Soon);
    }

    [Fact]
    public async Task A_peer_that_sends_nothing_but_pings_does_not_hold_a_receive_that_is_cancelled()
    {
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        using CancellationTokenSource flooding = new();
        Task flood = Task.Run(async () =>
        {
            while (!flooding.IsCancellationRequested)
            {
                await PingOnceAsync(pair.Client);
                await pair.Client.FlushAsync();
            }
        });
        for (int i = 0; i < 20; i++)
        {
            using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(20));
            await Assert
                .ThrowsAnyAsync<OperationCanceledException>(() => ChannelPair.ReceiveAsync(pair.Server, source.Token))
                .WaitAsync(Soon);
        }

        await flooding.CancelAsync();
        await flood.WaitAsync(Soon);
        await pair.Client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon));
    }

    [Fact]
    [Requirement("R6.4-10")]
    public async Task A_close_to_a_peer_that_said_all_and_is_gone_is_no_failure()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
        await pair.Client.DisposeAsync();
        await pair.Server.CloseAsync();
        await pair.Server.CloseAsync();
        Assert.False(pair.Server.Ended.IsCancellationRequested);
    }

    [Fact]
    public async Task A_cancelled_receive_loses_nothing_on_a_transport_that_ignores_tokens()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(sockets.Client, ChannelPair.ClientOptions(ChannelProtocol.V1))
            .AsTask();
        await using ISecureChannel server = await SecureChannel.AcceptAsync(
            new TokenlessStream(sockets.Server),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        await using ISecureChannel client = await connecting;
        for (byte i = 0; i < 100; i++)
        {
            using CancellationTokenSource source = new();
            Task<byte[]?> receiving = ChannelPair.ReceiveAsync(server, source.Token);
            if (i % 2 == 0)
                await client.SendAsync(new[] { i });
            await source.CancelAsync();
            byte[]? received = null;
            try
            {
                received = await receiving.WaitAsync(Soon);
            }
            catch (OperationCanceledException)
            {
                if (i % 2 == 0)
                    received = await ChannelPair.ReceiveAsync(server).WaitAsync(Soon);
            }

            if (i % 2 == 0)
                Assert.Equal([i], received!);
        }
    }

    [Fact]
    public async Task Revoking_many_whose_transports_take_nothing_delays_nobody()
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        await using ChannelRegistry live = new(keys);
        SecureChannelServerOptions options = new() { Keys = keys, ChannelRegistry = live };
        List<ChannelPair> pairs = [];
        List<DeafStream> transports = [];
        for (int i = 0; i < 20; i++)
        {
            using PreSharedKey key = PreSharedKey.Generate($"device {i}");
            keys.Add(key);
            SocketPair sockets = await SocketPair.CreateAsync();
            DeafStream deaf = new(sockets.Server);
            Task<ISecureChannel> connecting = SecureChannel
                .ConnectAsync(sockets.Client, new SecureChannelClientOptions { Key = key })
                .AsTask();
            ISecureChannel server = await SecureChannel.AcceptAsync(deaf, options);
            pairs.Add(new ChannelPair(await connecting, server));
            transports.Add(deaf);
        }

        transports[..^1].ForEach(transport => transport.Strike());
        Task<byte[]?>[] receiving = [.. pairs.Select(pair => ChannelPair.ReceiveAsync(pair.Server))];
        long started = TimeProvider.System.GetTimestamp();
        for (int i = 0; i < pairs.Count; i++)
            await keys.RevokeAsync(pairs[i].Server.Peer.ClientId);
        foreach (Task<byte[]?> one in receiving)
            await Assert.ThrowsAsync<SecureChannelException>(() => one).WaitAsync(Soon);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(5));
        await Task.WhenAll(pairs.Select(pair => pair.DisposeAsync().AsTask())).WaitAsync(2 * Soon);
    }

    // Whether the ping leaves is not waited for: the client of these tests reads nothing, so no answer ever comes.
    private static async Task PingOnceAsync(ISecureChannel channel)
    {
        using CancellationTokenSource source = new();
        Task ping = channel.PingAsync(source.Token).AsTask();
        source.Cancel();
        await ping.ContinueWith(_ => { }, TaskContinuationOptions.ExecuteSynchronously);
    }

    /// <summary>Writes half of what it is given, then waits for its token.</summary>
    private sealed class HalfStream(Stream inner) : PassingStream(inner)
    {
        internal bool IsHalf { get; set; }

        internal int Writes { get; private set; }

        internal TaskCompletionSource Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer,
            CancellationToken cancellationToken = default
        )
        {
            if (!IsHalf)
            {
                await Inner.WriteAsync(buffer, cancellationToken);
                return;
            }

            Writes++;
            await Inner.WriteAsync(buffer[..(buffer.Length / 2)], CancellationToken.None);
            Written.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }
    }

    private sealed class TokenlessStream(Stream inner) : PassingStream(inner)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Inner.ReadAsync(buffer, CancellationToken.None);
    }
}
