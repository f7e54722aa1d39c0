using System.Net;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>Who is counted with whom, and who is evicted. Protocol 1, section 8.</summary>
public sealed class HandshakeLimiterTests
{
    private static readonly IPAddress Here = IPAddress.Loopback;
    private static readonly IPAddress There = IPAddress.Parse("127.0.0.2");
    private static readonly ClientId Id = new([1]);

    [Fact]
    [Requirement("R8-3", "R8-6")]
    public void At_the_limit_in_all_the_oldest_is_evicted_whatever_it_has_proven()
    {
        HandshakeLimiter limiter = new() { MaxPending = 2 };
        PendingHandshake first = limiter.Enter(Here);
        PendingHandshake second = limiter.Enter(There);
        Assert.True(first.TryIdentify(Id));
        PendingHandshake third = limiter.Enter(null);
        Assert.True(first.IsEvicted && first.Evicted.IsCancellationRequested);
        Assert.False(second.IsEvicted || third.IsEvicted);
        Assert.Equal(2, limiter.Pending);
    }

    [Fact]
    [Requirement("R8-3")]
    public void One_address_evicts_only_its_own()
    {
        HandshakeLimiter limiter = new() { MaxPendingPerAddress = 1 };
        PendingHandshake other = limiter.Enter(There);
        PendingHandshake first = limiter.Enter(Here);
        limiter.Enter(Here);
        Assert.True(first.IsEvicted);
        Assert.False(other.IsEvicted);
    }

    [Fact]
    [Requirement("R8-3")]
    public void One_identity_evicts_only_its_own_from_whatever_address()
    {
        HandshakeLimiter limiter = new() { MaxPendingPerId = 1 };
        PendingHandshake other = limiter.Enter(Here);
        PendingHandshake first = limiter.Enter(Here);
        PendingHandshake second = limiter.Enter(There);
        Assert.True(other.TryIdentify(new ClientId([2])));
        Assert.True(first.TryIdentify(Id));
        Assert.True(second.TryIdentify(new ClientId(Id.Bytes)));
        Assert.Equal([false, true, false], new[] { other, first, second }.Select(one => one.IsEvicted));
    }

    [Fact]
    [Requirement("R8-2")]
    public void Who_was_evicted_is_told_so_at_its_next_step_and_counts_no_more()
    {
        HandshakeLimiter limiter = new() { MaxPending = 1 };
        PendingHandshake[] evicted = [limiter.Enter(Here), limiter.Enter(Here)];
        PendingHandshake last = limiter.Enter(Here);
        Assert.False(evicted[0].TryIdentify(Id));
        Assert.False(evicted[1].TryConfirm());
        evicted[0].Dispose();
        Assert.Equal(1, limiter.Pending);
        Assert.True(last.TryConfirm());
    }

    [Fact]
    [Requirement("R8-2", "R8-4")]
    public void A_confirmed_handshake_is_not_evicted_and_counts_no_more()
    {
        HandshakeLimiter limiter = new()
        {
            MaxPending = 1,
            MaxPendingPerId = 1,
            MaxPendingPerAddress = 1,
        };
        PendingHandshake confirmed = limiter.Enter(Here);
        Assert.True(confirmed.TryIdentify(Id));
        Assert.True(confirmed.TryConfirm());
        Assert.True(confirmed.TryConfirm());
        Assert.Equal(0, limiter.Pending);
        Assert.True(limiter.Enter(Here).TryIdentify(Id));
        Assert.False(confirmed.IsEvicted);
    }

    [Theory]
    [InlineData("2001:db8::1", "2001:db8::ffff:1:2:3", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("203.0.113.5", "::ffff:203.0.113.5", true)]
    [InlineData("203.0.113.5", "203.0.113.6", false)]
    [InlineData("::ffff:203.0.113.5", "::ffff:203.0.113.6", false)]
    [InlineData("0.0.0.0", "::", false)]
    [Requirement("R8-3")]
    public void Addresses_count_as_one_by_network_of_64_bits_or_as_IPv4(string one, string other, bool isOne)
    {
        HandshakeLimiter limiter = new() { MaxPendingPerAddress = 1 };
        PendingHandshake first = limiter.Enter(IPAddress.Parse(one));
        limiter.Enter(IPAddress.Parse(other));
        Assert.Equal(isOne, first.IsEvicted);
    }

    [Fact]
    public void Nothing_is_kept_of_who_has_left()
    {
        HandshakeLimiter limiter = new();
        WeakReference gone = Visit(limiter);
        GC.Collect();
        Assert.False(gone.IsAlive);

        static WeakReference Visit(HandshakeLimiter limiter)
        {
            ClientId id = new([7]);
            using PendingHandshake visitor = limiter.Enter(Here);
            Assert.True(visitor.TryIdentify(id));
            return new WeakReference(BytesOf(id));
        }

        [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_bytes")]
        static extern ref readonly byte[] BytesOf(in ClientId id);
    }

    [Fact]
    public void Evictions_are_reported_at_most_once_a_second_and_none_is_left_out()
    {
        FakeTimeProvider time = new();
        HandshakeLimiter limiter = new() { MaxPending = 1, Time = time };
        Assert.False(Report(out _));
        for (int i = 0; i < 5; i++)
            limiter.Enter(Here);
        Assert.True(Report(out int first));
        for (int i = 0; i < 7; i++)
            limiter.Enter(Here);
        time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(Report(out _));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(Report(out int second));
        Assert.Equal((4, 7), (first, second));
        time.Advance(TimeSpan.FromDays(1));
        Assert.False(Report(out _));

        bool Report(out int evicted) => limiter.TryReport(out evicted);
    }

    [Fact]
    [Requirement("R8-4")]
    public async Task A_client_that_has_confirmed_is_not_evicted_while_the_store_moves()
    {
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        SlowStore store = new(server.Keys!);
        server.Keys = store;
        server.HandshakeLimiter = new HandshakeLimiter { MaxPending = 1 };
        Task<ChannelPair> connecting = ChannelPair.CreateAsync(ChannelPair.ClientOptions(ChannelProtocol.V1), server);
        await store.Moves.Task;
        Task[] silent =
        [
            .. Enumerable.Range(0, 3).Select(_ => SecureChannel.AcceptAsync(new PipePair().Server, server).AsTask()),
        ];
        await Assert.ThrowsAsync<SecureChannelException>(() => silent[0]);
        store.MayMove.SetResult();
        await using ChannelPair pair = await connecting;
        await pair.RoundAsync([1], [2]);
    }

    [Fact]
    public async Task A_thousand_silent_connections_keep_no_client_out_and_are_one_line_in_the_log()
    {
        ListLoggerFactory log = new();
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        server.LoggerFactory = log;
        server.HandshakeLimiter = new HandshakeLimiter { MaxPending = 100, Time = new FakeTimeProvider() };
        Task[] silent =
        [
            .. Enumerable.Range(0, 1000).Select(_ => SecureChannel.AcceptAsync(new PipePair().Server, server).AsTask()),
        ];
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            server
        );
        await pair.RoundAsync([1], [2]);
        Assert.InRange(server.HandshakeLimiter.Pending, 1, 100);
        foreach (Task evicted in silent[..900])
            Assert.Equal(
                SecureChannelError.Limit,
                (await Assert.ThrowsAsync<SecureChannelException>(() => evicted)).Error
            );
        Assert.Single(log.Lines, line => line.StartsWith("Evicted 1 pending handshakes", StringComparison.Ordinal));
    }

    private sealed class SlowStore(IKeyStore inner) : IKeyStore
    {
        internal TaskCompletionSource Moves { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        internal TaskCompletionSource MayMove { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<StoredKey?> FindAsync(ClientId id, CancellationToken cancellationToken = default) =>
            inner.FindAsync(id, cancellationToken);

        public async ValueTask AdvanceAsync(
            ClientId id,
            long serial,
            long epoch,
            ReadOnlyMemory<byte> epochKey,
            CancellationToken cancellationToken = default
        )
        {
            Moves.SetResult();
            await MayMove.Task.WaitAsync(cancellationToken);
            await inner.AdvanceAsync(id, serial, epoch, epochKey, cancellationToken);
        }
    }
}
