using System.Buffers;
using System.IO.Pipelines;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>The contract of ISecureChannel, over pipes and sockets.</summary>
public sealed class ChannelTests
{
    public static TheoryData<ChannelProtocol> Protocols => [.. Enum.GetValues<ChannelProtocol>()];

    private static readonly CancellationToken Cancelled = new(canceled: true);

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Rounds_go_through_over_pipes(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        for (byte round = 1; round <= 20; round++)
            await pair.RoundAsync([round, 1, 2], [round]);
        await pair.RoundAsync([], []);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Rounds_go_through_over_sockets(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(protocol),
            ChannelPair.ServerOptions(protocol)
        );
        await pair.RoundAsync(new byte[pair.Client.MaxMessageSize], new byte[100_000]);
        await pair.RoundAsync("after"u8.ToArray(), "it"u8.ToArray());
        await pair.Client.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_close_is_received_as_the_end_and_sending_after_it_is_refused(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        await pair.Client.CloseAsync();
        await pair.Client.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
        await pair.Server.CloseAsync();
        Assert.Equal(ProtocolPhase.Terminated, pair.Server.Phase);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.SendAsync(new byte[1]));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_channel_disposed_without_a_close_is_no_close(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        await pair.Client.DisposeAsync();
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server));
        Assert.Equal(SecureChannelError.TerminatedByPeer, error.Error);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task The_first_failure_stays(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        await pair.Client.DisposeAsync();
        var first = await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server));
        Assert.Same(
            first,
            await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server))
        );
        Assert.Same(
            first,
            await Assert.ThrowsAsync<SecureChannelException>(async () => await pair.Server.SendAsync(new byte[1]))
        );
        Assert.Equal(ProtocolPhase.Terminated, pair.Server.Phase);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    [Requirement("R4-8")]
    public async Task A_message_above_the_limit_is_the_callers_mistake_and_costs_nothing(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        await Assert.ThrowsAsync<ArgumentException>(async () =>
            await pair.Client.SendAsync(new byte[pair.Client.MaxMessageSize + 1])
        );
        await pair.RoundAsync([1], [2]);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Calls_cancelled_beforehand_leave_the_channel_usable(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await pair.Client.SendAsync(new byte[1], Cancelled)
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ChannelPair.ReceiveAsync(pair.Client, Cancelled));
        await pair.RoundAsync([1], [2]);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_receive_cancelled_while_it_waits_leaves_the_channel_usable(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        using CancellationTokenSource source = new();
        Task<byte[]?> waiting = ChannelPair.ReceiveAsync(pair.Server, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await pair.RoundAsync([1], [2]);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_send_cancelled_half_way_ends_the_channel_and_says_so(ChannelProtocol protocol)
    {
        PipeOptions narrow = new(
            pauseWriterThreshold: 1024,
            resumeWriterThreshold: 512,
            useSynchronizationContext: false
        );
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol, narrow);
        using CancellationTokenSource source = new();
        Task sending = pair.Client.SendAsync(new byte[4096], source.Token).AsTask();
        Assert.False(sending.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        var error = await Assert.ThrowsAsync<SecureChannelException>(async () =>
            await pair.Client.SendAsync(new byte[1])
        );
        Assert.Equal(SecureChannelError.Canceled, error.Error);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_second_call_of_the_same_kind_is_refused_and_harms_nothing(ChannelProtocol protocol)
    {
        PipeOptions narrow = new(
            pauseWriterThreshold: 1024,
            resumeWriterThreshold: 512,
            useSynchronizationContext: false
        );
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol, narrow);
        Task<byte[]?> waiting = ChannelPair.ReceiveAsync(pair.Client);
        await Assert.ThrowsAsync<InvalidOperationException>(() => ChannelPair.ReceiveAsync(pair.Client));
        Task sending = pair.Client.SendAsync(new byte[4096]).AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await pair.Client.SendAsync(new byte[1]));
        Assert.Equal(4096, (await ChannelPair.ReceiveAsync(pair.Server))!.Length);
        await sending;
        await pair.Server.SendAsync(new byte[] { 9 });
        Assert.Equal([9], await waiting);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Disposing_wakes_a_waiting_receive(ChannelProtocol protocol)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        Task<byte[]?> waiting = ChannelPair.ReceiveAsync(pair.Server);
        await pair.Server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await pair.Server.SendAsync(new byte[1]));
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Disposing_ends_a_send_that_nobody_reads(ChannelProtocol protocol)
    {
        PipeOptions narrow = new(
            pauseWriterThreshold: 1024,
            resumeWriterThreshold: 512,
            useSynchronizationContext: false
        );
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol, narrow);
        Task sending = pair.Client.SendAsync(new byte[4096]).AsTask();
        await pair.Client.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => sending);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    [Requirement("R6.2-9")]
    public async Task Whatever_the_chunks_the_messages_are_the_same(ChannelProtocol protocol)
    {
        PipePair near = new();
        PipePair far = new();
        Task pumping = Task.WhenAll(
            TrickleAsync(near.Server.Input, far.Client.Output),
            TrickleAsync(far.Client.Input, near.Server.Output)
        );
        await using (
            ChannelPair pair = await ChannelPair.OverAsync(
                near.Client,
                far.Server,
                ChannelPair.ClientOptions(protocol),
                ChannelPair.ServerOptions(protocol)
            )
        )
        {
            await pair.RoundAsync(new byte[300], new byte[17]);
            await pair.RoundAsync([], [1]);
        }

        await pumping;
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task A_pipe_that_is_left_open_is_handed_back_with_what_was_not_read(ChannelProtocol protocol)
    {
        PipePair pipes = new();
        SecureChannelServerOptions options = ChannelPair.ServerOptions(protocol);
        options.LeaveOpen = true;
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(pipes.Client, ChannelPair.ClientOptions(protocol))
            .AsTask();
        ISecureChannel server = await SecureChannel.AcceptAsync(pipes.Server, options);
        ISecureChannel client = await connecting;
        await client.CloseAsync();
        await pipes.Client.Output.WriteAsync("plain"u8.ToArray());
        Assert.Null(await ChannelPair.ReceiveAsync(server));
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
