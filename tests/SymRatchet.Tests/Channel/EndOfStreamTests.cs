using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>What a peer is told when a session ends, and when nothing. Protocol 1, sections 6.4 and 9.</summary>
public sealed class EndOfStreamTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private readonly PipePair _pipes = new();

    [Fact]
    [Requirement("R6.4-8", "R6.4-9", "R9-1")]
    public async Task A_peer_whose_stream_ended_is_told_so_since_it_may_still_read()
    {
        await using ChannelPair pair = await ConnectAsync();
        await _pipes.Client.Output.CompleteAsync();
        Assert.Equal(SecureChannelError.Truncated, (await FailsAsync(pair.Server)).Error);
        await AssertToldAsync(pair.Client, "Protocol");
    }

    [Theory]
    // another phase
    [InlineData("0a000100 00000000 0000000000000000", SecureChannelError.UnexpectedMessage, "Protocol")]
    // the other role
    [InlineData("28000100 00000020 0000000000000000", SecureChannelError.UnexpectedMessage, "Protocol")]
    [InlineData("05", SecureChannelError.Malformed, "Protocol")] // none that there is
    [InlineData("1e0002", SecureChannelError.Malformed, "Protocol")] // version
    [InlineData("1e000101", SecureChannelError.Malformed, "Protocol")] // reserved
    [InlineData("1e000100 00100001 0000000000000000", SecureChannelError.Limit, "Limit")]
    [InlineData("1e000100 ffffffff 0000000000000000", SecureChannelError.Limit, "Limit")]
    [InlineData("1e800100 00000000 0000000000000000", SecureChannelError.Malformed, "Protocol")] // flags
    [InlineData("1e000100 00000000 0000000000000000", SecureChannelError.Malformed, "Protocol")] // shorter than a tag
    [InlineData(
        "1e000100 00000020 0000000000000005 0000000000000000000000000000000000000000000000000000000000000000",
        SecureChannelError.UnexpectedRound,
        "Protocol"
    )]
    [InlineData(
        "1e000100 00000020 0000000000000000 0000000000000000000000000000000000000000000000000000000000000000",
        SecureChannelError.Authentication,
        "Authentication"
    )]
    [InlineData(
        "3c000100 00000021 0000000000000000 000000000000000000000000000000000000000000000000000000000000000000",
        SecureChannelError.Authentication,
        "Authentication"
    )] // a TERMINATE that does not verify
    [Requirement("R4-2", "R4-3", "R4-4", "R4-6", "R6.2-4", "R6.2-7", "R6.4-7", "R9-1")]
    public async Task Each_wrong_frame_has_its_reason(string frame, SecureChannelError error, string told)
    {
        await using ChannelPair pair = await ConnectAsync();
        await _pipes.Client.Output.WriteAsync(Convert.FromHexString(frame.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal(error, (await FailsAsync(pair.Server)).Error);
        await AssertToldAsync(pair.Client, told);
    }

    [Fact]
    [Requirement("R6.4-6", "R6.4-7", "R9-1")]
    public async Task A_TERMINATE_that_verified_is_not_answered()
    {
        RecordingPipe wire = new(_pipes.Server);
        await using ChannelPair pair = await ChannelPair.OverAsync(
            _pipes.Client,
            wire,
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        int sent = wire.Sent.Length;
        pair.Client.Abort();
        SecureChannelException failure = await FailsAsync(pair.Server);
        Assert.Equal(SecureChannelError.TerminatedByPeer, failure.Error);
        Assert.Contains("Internal", failure.Message, StringComparison.Ordinal);
        await pair.Server.DisposeAsync();
        Assert.Equal(sent, wire.Sent.Length);
    }

    [Fact]
    [Requirement("R6.4-4", "R6.4-7")]
    public async Task A_close_is_not_answered_but_with_a_close_of_ones_own()
    {
        RecordingPipe wire = new(_pipes.Server);
        await using ChannelPair pair = await ChannelPair.OverAsync(
            _pipes.Client,
            wire,
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        int sent = wire.Sent.Length;
        await pair.Client.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon));
        Assert.Equal(sent, wire.Sent.Length);
        await pair.Server.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Client).WaitAsync(Soon));
        Assert.Equal(sent + 16 + 1 + 32, wire.Sent.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)] // the reset overtakes the close
    [Requirement("R6.4-10", "R6.4-11")]
    public async Task A_close_arrives_where_its_sender_reads_on_before_it_closes_the_stream(bool readsOn)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ConnectAsync(sockets);
        Task pumping = Task.Run(async () =>
        {
            for (int i = 0; i < 300; i++)
                await pair.Client.SendAsync(new byte[100_000]);
            await pair.Client.CloseAsync();
        });
        await pair.Server.CloseAsync();
        while (readsOn && await ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon) is not null) { }

        await pair.Server.DisposeAsync();
        if (readsOn)
        {
            await pumping.WaitAsync(Soon);
            Assert.Null(await ChannelPair.ReceiveAsync(pair.Client).WaitAsync(Soon));
        }
        else
        {
            await Assert.ThrowsAsync<SecureChannelException>(() => pumping.WaitAsync(Soon));
            await FailsAsync(pair.Client);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Requirement("R6.4-8", "R6.4-12", "R9-1")]
    public async Task A_stream_that_breaks_is_an_error_whatever_its_peer_had_to_say(bool reset)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ConnectAsync(sockets);
        await pair.Client.SendAsync(new byte[100_000]);
        if (reset)
        {
            ((NetworkStream)sockets.Server).Socket.LingerState = new LingerOption(enable: true, seconds: 0);
            await sockets.Server.DisposeAsync();
        }
        else
        {
            await pair.Server.DisposeAsync();
        }

        Assert.Contains(
            (await FailsAsync(pair.Client)).Error,
            new[] { SecureChannelError.Transport, SecureChannelError.Truncated, SecureChannelError.TerminatedByPeer }
        );
    }

    [Theory]
    [InlineData(ChannelRole.Client)]
    [InlineData(ChannelRole.Server)]
    [Requirement("R5.8-1", "R5.8-2", "R9-1")]
    public async Task A_peer_that_says_nothing_is_left_after_the_time_limit_without_a_word(ChannelRole role)
    {
        Assert.Equal(TimeSpan.FromSeconds(10), new SecureChannelClientOptions().HandshakeTimeout);
        RecordingPipe wire = new(role == ChannelRole.Client ? _pipes.Client : _pipes.Server);
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        client.HandshakeTimeout = server.HandshakeTimeout = TimeSpan.FromMilliseconds(100);
        Task<ISecureChannel> handshake =
            role == ChannelRole.Client
                ? SecureChannel.ConnectAsync(wire, client).AsTask()
                : SecureChannel.AcceptAsync(wire, server).AsTask();
        var failure = await Assert.ThrowsAsync<SecureChannelException>(() => handshake.WaitAsync(Soon));
        Assert.Equal(SecureChannelError.Timeout, failure.Error);
        Assert.Equal(role == ChannelRole.Client ? [10] : [], wire.Sent.Take(1)); // a client has said its hello
    }

    private static async Task<SecureChannelException> FailsAsync(ISecureChannel channel) =>
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(channel)).WaitAsync(Soon);

    private static async Task AssertToldAsync(ISecureChannel channel, string reason)
    {
        SecureChannelException failure = await FailsAsync(channel);
        Assert.Equal(SecureChannelError.TerminatedByPeer, failure.Error);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
    }

    private Task<ChannelPair> ConnectAsync() =>
        ChannelPair.OverAsync(
            _pipes.Client,
            _pipes.Server,
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );

    private static async Task<ChannelPair> ConnectAsync(SocketPair sockets)
    {
        Task<ISecureChannel> connecting = SecureChannel
            .ConnectAsync(sockets.Client, ChannelPair.ClientOptions(ChannelProtocol.V1))
            .AsTask();
        Task<ISecureChannel> accepting = SecureChannel
            .AcceptAsync(sockets.Server, ChannelPair.ServerOptions(ChannelProtocol.V1))
            .AsTask();
        return new ChannelPair(await connecting, await accepting);
    }
}
