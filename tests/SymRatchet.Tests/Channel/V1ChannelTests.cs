using System.IO.Pipelines;
using SymRatchet.Crypto;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>What only protocol 1 can do.</summary>
public sealed class V1ChannelTests
{
    public static TheoryData<CipherSuiteId> Suites => [.. CipherSuite.All.Select(suite => suite.Id)];

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task Each_suite_carries_messages_both_ways_at_once(CipherSuiteId suite)
    {
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        client.Suites = [suite];
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            client,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        Assert.Equal(suite, pair.Server.Peer.Suite);
        await Task.WhenAll(
            PumpAsync(pair.Client),
            PumpAsync(pair.Server),
            DrainAsync(pair.Client),
            DrainAsync(pair.Server)
        );

        static async Task PumpAsync(ISecureChannel channel)
        {
            for (int i = 0; i < 500; i++)
                await channel.SendAsync(new byte[i * 37 % 5000]);
        }

        static async Task DrainAsync(ISecureChannel channel)
        {
            for (int i = 0; i < 500; i++)
                Assert.Equal(i * 37 % 5000, (await ChannelPair.ReceiveAsync(channel))!.Length);
        }
    }

    [Fact]
    [Requirement("R2.1-2", "R5.2-2")]
    public async Task The_servers_preference_among_the_clients_suites_decides()
    {
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        client.Suites = [CipherSuiteId.Aegis256, CipherSuiteId.ChaCha20Poly1305];
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        server.Suites = [CipherSuiteId.Aes256Gcm, CipherSuiteId.ChaCha20Poly1305, CipherSuiteId.Aegis256];
        await using ChannelPair pair = await ChannelPair.CreateAsync(client, server);
        Assert.Equal(CipherSuiteId.ChaCha20Poly1305, pair.Client.Peer.Suite);
        Assert.Equal(CipherSuiteId.ChaCha20Poly1305, pair.Server.Peer.Suite);
    }

    [Fact]
    [Requirement("R6.4-2", "R6.4-4", "R7-2")]
    public async Task A_close_ends_one_direction_and_the_other_goes_on()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.SendAsync(new byte[] { 1 });
        await pair.Client.CloseAsync();
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
        await pair.Server.SendAsync(new byte[] { 2 });
        await pair.Server.SendAsync(new byte[] { 3 });
        Assert.Equal([2], await ChannelPair.ReceiveAsync(pair.Client));
        Assert.Equal(ProtocolPhase.Active, pair.Client.Phase);
        await pair.Server.CloseAsync();
        Assert.Equal([3], await ChannelPair.ReceiveAsync(pair.Client));
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Client));
        Assert.Equal(ProtocolPhase.Terminated, pair.Client.Phase);
    }

    [Fact]
    [Requirement("R6.4-8")]
    public async Task A_stream_that_ends_without_a_close_is_truncated()
    {
        PipePair pipes = new();
        await using ChannelPair pair = await ChannelPair.OverAsync(
            pipes.Client,
            pipes.Server,
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        await pair.Client.SendAsync(new byte[] { 1 });
        await pipes.Client.Output.CompleteAsync();
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server));
        Assert.Equal(SecureChannelError.Truncated, error.Error);
    }

    [Fact]
    public async Task Writes_without_a_flush_wait_for_one_and_then_share_it()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        for (byte i = 0; i < 10; i++)
            await pair.Client.WriteAsync(new[] { i });
        Task<byte[]?> first = ChannelPair.ReceiveAsync(pair.Server);
        Assert.False(first.IsCompleted);
        await pair.Client.FlushAsync();
        Assert.Equal([0], await first);
        for (byte i = 1; i < 10; i++)
            Assert.Equal(new[] { i }, await ChannelPair.ReceiveAsync(pair.Server));
    }

    [Fact]
    public async Task Writes_flush_by_themselves_before_memory_grows_and_a_slow_reader_stops_the_sender()
    {
        PipeOptions narrow = new(
            pauseWriterThreshold: 256 * 1024,
            resumeWriterThreshold: 128 * 1024,
            useSynchronizationContext: false
        );
        await using ChannelPair pair = await ChannelPair.CreateAsync(pipeOptions: narrow);
        byte[] message = new byte[16 * 1024];
        int written = 0;
        ValueTask write = default;
        while (written < 1000 && (write = pair.Client.WriteAsync(message)).IsCompletedSuccessfully)
            written++;
        Assert.InRange(written, 4, 20); // stopped by the reader that does not read
        for (int i = 0; i < written; i++)
            Assert.Equal(message.Length, (await ChannelPair.ReceiveAsync(pair.Server))!.Length);
        await write;
    }

    [Fact]
    [Requirement("R6.5-1")]
    public async Task A_ping_is_answered_while_the_peer_receives()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Task<byte[]?> server = ChannelPair.ReceiveAsync(pair.Server);
        Task<byte[]?> client = ChannelPair.ReceiveAsync(pair.Client);
        for (int i = 0; i < 5; i++)
            Assert.True(await pair.Client.PingAsync() >= TimeSpan.Zero);
        Assert.True(await pair.Server.PingAsync() >= TimeSpan.Zero);
        await pair.Client.SendAsync(new byte[] { 1 });
        await pair.Server.SendAsync(new byte[] { 2 });
        Assert.Equal([1], await server);
        Assert.Equal([2], await client);
    }

    [Fact]
    public async Task A_ping_to_a_peer_that_goes_away_does_not_wait_for_ever()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Client);
        Task<TimeSpan> ping = pair.Client.PingAsync().AsTask();
        await pair.Server.DisposeAsync();
        await Assert.ThrowsAsync<SecureChannelException>(() => ping);
        await Assert.ThrowsAsync<SecureChannelException>(() => receiving);
    }

    [Fact]
    [Requirement("R6.3-2")]
    public async Task Padding_hides_the_length_on_the_wire_and_nothing_else()
    {
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        client.PaddingBlock = 1000;
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            client,
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        await pair.RoundAsync([], [1]);
        await pair.RoundAsync(new byte[pair.Client.MaxMessageSize], [1, 0, 0]);
        await pair.RoundAsync([0, 0, 1, 0, 0], []);
    }

    [Fact]
    [Requirement("R5.5-1")]
    public async Task A_client_may_send_before_the_confirm_where_it_is_told_to()
    {
        SecureChannelClientOptions client = ChannelPair.ClientOptions(ChannelProtocol.V1);
        client.SendBeforeConfirm = true;
        PipePair pipes = new();
        Task<ISecureChannel> accepting = SecureChannel
            .AcceptAsync(pipes.Server, ChannelPair.ServerOptions(ChannelProtocol.V1))
            .AsTask();
        await using ISecureChannel early = await SecureChannel.ConnectAsync(pipes.Client, client);
        Assert.Equal(ProtocolPhase.Confirming, early.Phase);
        await early.SendAsync(new byte[] { 1 });
        await using ISecureChannel server = await accepting;
        Assert.Equal([1], await ChannelPair.ReceiveAsync(server));
        await server.SendAsync(new byte[] { 2 });
        Assert.Equal([2], await ChannelPair.ReceiveAsync(early));
        Assert.Equal(ProtocolPhase.Active, early.Phase);
    }
}
