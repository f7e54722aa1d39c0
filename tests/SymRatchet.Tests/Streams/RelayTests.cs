using System.Net.Sockets;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Streams;

/// <summary>The relay between two streams, as a gateway between two channels uses it.</summary>
public sealed class RelayTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_half_close_passes_from_one_channel_to_another_and_back()
    {
        await using ChannelPair left = await ChannelPair.CreateAsync();
        await using ChannelPair right = await ChannelPair.CreateAsync();
        Task relaying = SecureChannelRelay.RunAsync(left.Server.AsStream(), right.Client.AsStream());
        await left.Client.SendAsync(new byte[] { 1 });
        await left.Client.CloseAsync();
        Assert.Equal([1], await right.Server.ReceiveMessageAsync());
        Assert.Null(await right.Server.ReceiveMessageAsync());
        await right.Server.SendAsync(new byte[] { 2 });
        await right.Server.CloseAsync();
        Assert.Equal([2], await left.Client.ReceiveMessageAsync());
        Assert.Null(await left.Client.ReceiveMessageAsync());
        await relaying.WaitAsync(Soon);
    }

    [Fact]
    public async Task A_channel_that_was_cut_is_no_end_on_the_other()
    {
        await using ChannelPair left = await ChannelPair.CreateAsync();
        await using ChannelPair right = await ChannelPair.CreateAsync();
        Task relaying = SecureChannelRelay.RunAsync(left.Server.AsStream(), right.Client.AsStream());
        await left.Client.SendAsync(new byte[] { 1 });
        await left.Client.DisposeAsync();
        Assert.Equal([1], await right.Server.ReceiveMessageAsync());
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            right.Server.ReceiveMessageAsync().AsTask().WaitAsync(Soon)
        );
        await Assert.ThrowsAsync<SecureChannelException>(() => relaying.WaitAsync(Soon));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reset_that_a_write_was_told_of_is_no_end_on_the_channel(bool asSocket)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Socket plain = ((NetworkStream)sockets.Server).Socket;
        ((NetworkStream)sockets.Client).Socket.Close(0);
        Assert.True(plain.Poll(Soon, SelectMode.SelectRead));
        // from here on a read gets 0, as at an orderly end
        Assert.Throws<SocketException>(() => plain.Send(new byte[1]));
        Task relaying = asSocket
            ? SecureChannelRelay.RunAsync(plain, pair.Client)
            : SecureChannelRelay.RunAsync(sockets.Server, pair.Client.AsStream());
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            pair.Server.ReceiveMessageAsync().AsTask().WaitAsync(Soon)
        );
        await Assert.ThrowsAnyAsync<IOException>(() => relaying.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_relay_holds_no_small_write_back()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Socket plain = ((NetworkStream)sockets.Server).Socket;
        plain.NoDelay = false;
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Task relaying = SecureChannelRelay.RunAsync(plain, pair.Client);
        Assert.True(plain.NoDelay);
        pair.Client.Abort();
        await Assert.ThrowsAnyAsync<IOException>(() => relaying.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Two_sockets_pass_a_reset_on()
    {
        await using SocketPair left = await SocketPair.CreateAsync();
        await using SocketPair right = await SocketPair.CreateAsync();
        Task relaying = SecureChannelRelay.RunAsync(left.Server, right.Client);
        await left.Client.WriteAsync(new byte[] { 1 });
        await right.Server.ReadExactlyAsync(new byte[1]);
        ((NetworkStream)left.Client).Socket.Close(0);
        await Assert.ThrowsAsync<IOException>(() => right.Server.ReadAsync(new byte[1]).AsTask().WaitAsync(Soon));
        await Assert.ThrowsAsync<IOException>(() => relaying.WaitAsync(Soon));
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_stream_that_never_comes_back_holds_up_no_relay(bool isFirst, bool blocks)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        DeafStream deaf = new(sockets.Client);
        deaf.Strike();
        BlockingStream blocking = new(sockets.Client);
        blocking.Block();
        Stream stuck = blocks ? blocking : deaf;
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        using CancellationTokenSource source = new();
        Stream secured = pair.Client.AsStream();
        Task relaying = Task.Run(() =>
            SecureChannelRelay.RunAsync(isFirst ? stuck : secured, isFirst ? secured : stuck, source.Token)
        );
        await source.CancelAsync();
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            pair.Server.ReceiveMessageAsync().AsTask().WaitAsync(Soon)
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => relaying.WaitAsync(Soon));
        blocking.Unblock();
    }

    [Fact]
    public async Task A_stream_that_knows_no_half_close_ends_when_both_directions_have()
    {
        (Stream near, Stream far) = Nerdbank.Streams.FullDuplexStream.CreatePair();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Task relaying = SecureChannelRelay.RunAsync(near, pair.Client.AsStream());
        await far.WriteAsync(new byte[] { 1 });
        await far.FlushAsync();
        Assert.Equal([1], await pair.Server.ReceiveMessageAsync());
        await pair.Server.SendAsync(new byte[] { 2 });
        await pair.Server.CloseAsync();
        byte[] received = new byte[1];
        await far.ReadExactlyAsync(received);
        Assert.Equal([2], received);
        await far.DisposeAsync();
        Assert.Null(await pair.Server.ReceiveMessageAsync());
        await relaying.WaitAsync(Soon);
    }
}
