using System.Net;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>Who waits, who makes room and who is refused.</summary>
public sealed class HandshakeLimiterTests
{
    private static readonly IPAddress Here = IPAddress.Loopback;
    private static readonly IPAddress There = IPAddress.Parse("127.0.0.2");

    [Fact]
    public void At_the_limit_the_oldest_silent_handshake_makes_room()
    {
        HandshakeLimiter limiter = new() { MaxPending = 2 };
        PendingHandshake first = limiter.TryEnter(Here)!;
        PendingHandshake second = limiter.TryEnter(There)!;
        Assert.NotNull(limiter.TryEnter(There));
        Assert.True(first.IsEvicted && first.Evicted.IsCancellationRequested);
        Assert.False(second.IsEvicted);
        Assert.Equal(2, limiter.Pending);
    }

    [Fact]
    public void A_proven_handshake_does_not_make_room_for_a_silent_one()
    {
        HandshakeLimiter limiter = new() { MaxPending = 1 };
        PendingHandshake proven = limiter.TryEnter(Here)!;
        Assert.True(proven.TryIdentify(new byte[] { 1 }, new byte[32], isBehind: false));
        Assert.Null(limiter.TryEnter(There));
        proven.Dispose();
        Assert.NotNull(limiter.TryEnter(There));
    }

    [Fact]
    public void One_address_makes_room_only_among_its_own()
    {
        HandshakeLimiter limiter = new() { MaxPendingPerAddress = 1 };
        PendingHandshake other = limiter.TryEnter(There)!;
        PendingHandshake first = limiter.TryEnter(Here)!;
        Assert.NotNull(limiter.TryEnter(Here));
        Assert.True(first.IsEvicted);
        Assert.False(other.IsEvicted);
    }

    [Fact]
    public void One_hello_may_be_pending_four_times_and_replayed_ones_make_room_for_each_other()
    {
        HandshakeLimiter limiter = new();
        PendingHandshake[] replays = [.. Enumerable.Range(0, 5).Select(_ => limiter.TryEnter(Here)!)];
        foreach (PendingHandshake replay in replays)
            Assert.True(replay.TryIdentify(new byte[] { 1 }, new byte[32], isBehind: true));
        Assert.Equal([true, false, false, false, false], replays.Select(replay => replay.IsEvicted));

        PendingHandshake[] fresh = [.. Enumerable.Range(0, 5).Select(_ => limiter.TryEnter(Here)!)];
        byte[] nonce = [9];
        Assert.Equal([true, true, true, true, false], fresh.Select(one => one.TryIdentify(new byte[] { 1 }, nonce, isBehind: false)));
    }

    [Fact]
    public void One_identitys_replays_make_room_for_its_honest_client()
    {
        HandshakeLimiter limiter = new() { MaxPendingPerId = 3 };
        for (byte i = 0; i < 10; i++)
            limiter.TryEnter(Here)!.TryIdentify(new byte[] { 1 }, new[] { i }, isBehind: true);
        Assert.True(limiter.TryEnter(Here)!.TryIdentify(new byte[] { 1 }, new byte[] { 99 }, isBehind: false));
        Assert.Equal(3, limiter.Pending);
    }

    [Fact]
    public async Task A_thousand_silent_connections_keep_no_client_out()
    {
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        server.HandshakeLimiter = new HandshakeLimiter { MaxPending = 100 };
        Task[] silent = [.. Enumerable.Range(0, 1000).Select(_ => SecureChannel.AcceptAsync(new PipePair().Server, server).AsTask())];
        await using ChannelPair pair = await ChannelPair.CreateAsync(ChannelPair.ClientOptions(ChannelProtocol.V1), server);
        await pair.RoundAsync([1], [2]);
        Assert.InRange(server.HandshakeLimiter.Pending, 1, 100);
        foreach (Task sentAway in silent[..900])
            Assert.Equal(SecureChannelError.Limit, (await Assert.ThrowsAsync<SecureChannelException>(() => sentAway)).Error);
    }
}
