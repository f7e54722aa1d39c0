using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>The contract of ISecureChannel, over pipes and sockets.</summary>
public sealed class ChannelTests
{
    private static readonly CancellationToken Cancelled = new(canceled: true);

    [Fact]
    public async Task Rounds_go_through_over_pipes()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        for (byte round = 1; round <= 20; round++)
            await pair.RoundAsync([round, 1, 2], [round]);
        await pair.RoundAsync([], []);
    }

    [Fact]
    public async Task Rounds_go_through_over_sockets()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(sockets.Client, SeedChannelPair.ClientOptions).AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(sockets.Server, SeedChannelPair.ServerOptions);
        await using SeedChannelPair pair = new(await connecting, server);
        await pair.RoundAsync(new byte[1 << 20], new byte[100_000]);
        await pair.RoundAsync("after"u8.ToArray(), "it"u8.ToArray());
        await pair.Client.CloseAsync();
        Assert.Null(await SeedChannelPair.ReceiveAsync(pair.Server));
    }

    [Fact]
    public async Task A_close_is_received_as_the_end_and_sending_after_it_is_refused()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        await pair.Client.CloseAsync();
        await pair.Client.CloseAsync();
        Assert.Null(await SeedChannelPair.ReceiveAsync(pair.Server));
        Assert.Null(await SeedChannelPair.ReceiveAsync(pair.Server));
        Assert.Equal(ProtocolPhase.Terminated, pair.Server.Phase);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.SendAsync(new byte[1]));
    }

    [Fact]
    public async Task A_channel_disposed_without_a_close_is_no_close()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        await pair.Client.DisposeAsync();
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => SeedChannelPair.ReceiveAsync(pair.Server));
        Assert.Equal(SecureChannelError.TerminatedByPeer, error.Error);
    }

    [Fact]
    public async Task The_first_failure_stays()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        await pair.Client.DisposeAsync();
        var first = await Assert.ThrowsAsync<SecureChannelException>(() => SeedChannelPair.ReceiveAsync(pair.Server));
        Assert.Same(first, await Assert.ThrowsAsync<SecureChannelException>(() => SeedChannelPair.ReceiveAsync(pair.Server)));
        Assert.Same(first, await Assert.ThrowsAsync<SecureChannelException>(async () => await pair.Server.SendAsync(new byte[1])));
        Assert.Equal(ProtocolPhase.Terminated, pair.Server.Phase);
    }

    [Fact]
    public async Task A_message_above_the_limit_is_the_callers_mistake_and_costs_nothing()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        await Assert.ThrowsAsync<ArgumentException>(async () => await pair.Client.SendAsync(new byte[pair.Client.MaxMessageSize + 1]));
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task Calls_cancelled_beforehand_leave_the_channel_usable()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await pair.Client.SendAsync(new byte[1], Cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => SeedChannelPair.ReceiveAsync(pair.Client, Cancelled));
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task A_receive_cancelled_while_it_waits_leaves_the_channel_usable()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        using CancellationTokenSource source = new();
        Task<byte[]?> waiting = SeedChannelPair.ReceiveAsync(pair.Server, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task A_send_cancelled_half_way_ends_the_channel_and_says_so()
    {
        PipeOptions narrow = new(pauseWriterThreshold: 1024, resumeWriterThreshold: 512, useSynchronizationContext: false);
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync(narrow);
        using CancellationTokenSource source = new();
        Task sending = pair.Client.SendAsync(new byte[4096], source.Token).AsTask();
        Assert.False(sending.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () => await pair.Client.SendAsync(new byte[1]));
        Assert.Equal(SecureChannelError.Canceled, error.Error);
    }

    [Fact]
    public async Task A_second_call_of_the_same_kind_is_refused_and_harms_nothing()
    {
        PipeOptions narrow = new(pauseWriterThreshold: 1024, resumeWriterThreshold: 512, useSynchronizationContext: false);
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync(narrow);
        Task<byte[]?> waiting = SeedChannelPair.ReceiveAsync(pair.Client);
        await Assert.ThrowsAsync<InvalidOperationException>(() => SeedChannelPair.ReceiveAsync(pair.Client));
        Task sending = pair.Client.SendAsync(new byte[4096]).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.SendAsync(new byte[1]));
        Assert.Equal(4096, (await SeedChannelPair.ReceiveAsync(pair.Server))!.Length);
        await sending;
        await pair.Server.SendAsync(new byte[] { 9 });
        Assert.Equal([9], await waiting);
    }

    [Fact]
    public async Task Disposing_wakes_a_waiting_receive()
    {
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync();
        Task<byte[]?> waiting = SeedChannelPair.ReceiveAsync(pair.Server);
        await pair.Server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await pair.Server.SendAsync(new byte[1]));
    }

    [Fact]
    public async Task Disposing_ends_a_send_that_nobody_reads()
    {
        PipeOptions narrow = new(pauseWriterThreshold: 1024, resumeWriterThreshold: 512, useSynchronizationContext: false);
        await using SeedChannelPair pair = await SeedChannelPair.CreateAsync(narrow);
        Task sending = pair.Client.SendAsync(new byte[4096]).AsTask();
        await pair.Client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sending);
    }

    [Fact]
    public async Task Whatever_the_chunks_the_messages_are_the_same()
    {
        PipePair near = new();
        PipePair far = new();
        Task pumping = Task.WhenAll(
            TrickleAsync(near.Server.Input, far.Client.Output),
            TrickleAsync(far.Client.Input, near.Server.Output));
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(near.Client, SeedChannelPair.ClientOptions).AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(far.Server, SeedChannelPair.ServerOptions);
        await using (SeedChannelPair pair = new(await connecting, server))
        {
            await pair.RoundAsync(new byte[300], new byte[17]);
            await pair.RoundAsync([], [1]);
        }

        await pumping;
    }

    [Fact]
    public async Task A_pipe_that_is_left_open_is_handed_back_with_what_was_not_read()
    {
        PipePair pipes = new();
        SecureChannelServerOptions options = SeedChannelPair.ServerOptions;
        options.LeaveOpen = true;
        Task<ISecureChannel> connecting = SecureChannel.ConnectAsync(pipes.Client, SeedChannelPair.ClientOptions).AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(pipes.Server, options);
        ISecureChannel client = await connecting;
        await client.CloseAsync();
        await pipes.Client.Output.WriteAsync("plain"u8.ToArray());
        Assert.Null(await SeedChannelPair.ReceiveAsync(server));
        await server.DisposeAsync();
        ReadResult rest = await pipes.Server.Input.ReadAsync();
        Assert.Equal("plain"u8.ToArray(), rest.Buffer.ToArray());
        await client.DisposeAsync();
    }

    private static async Task TrickleAsync(PipeReader from, PipeWriter to)
    {
        while (true)
        {
            ReadResult read = await from.ReadAsync();
            if (read.Buffer.IsEmpty && read.IsCompleted)
                break;
            to.GetSpan(1)[0] = read.Buffer.FirstSpan[0];
            to.Advance(1);
            from.AdvanceTo(read.Buffer.GetPosition(1));
            FlushResult flushed = await to.FlushAsync();
            if (flushed.IsCompleted)
                break;
        }

        await from.CompleteAsync();
        await to.CompleteAsync();
    }
}
