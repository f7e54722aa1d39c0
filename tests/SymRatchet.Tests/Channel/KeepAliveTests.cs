using Microsoft.Extensions.Time.Testing;
using SymRatchet.Channel;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>
/// A peer that is gone without a word is found in time; one that lives, or cannot be judged, is left alone.
/// </summary>
public sealed class KeepAliveTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    [Requirement("R9-1")]
    public async Task A_peer_that_is_gone_is_found_within_interval_and_timeout()
    {
        FakeTimeProvider time = new();
        await using ChannelPair pair = await CreateAsync(time);
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        TimeSpan passed = TimeSpan.Zero;
        for (; !pair.Server.Ended.IsCancellationRequested; passed += TimeSpan.FromSeconds(1))
        {
            Assert.True(passed <= Interval + Limit, "It was not found in time.");
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(passed, Limit, Interval + Limit);
        var error = await Assert.ThrowsAsync<SecureChannelException>(() => receiving.WaitAsync(Soon));
        Assert.Equal(SecureChannelError.Timeout, error.Error);
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task A_peer_that_receives_answers_and_is_kept_for_ever()
    {
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        (server.KeepAliveInterval, server.KeepAliveTimeout) = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(2));
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            server
        );
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        Task<byte[]?> answering = ChannelPair.ReceiveAsync(pair.Client);
        await Task.Delay(TimeSpan.FromSeconds(5));
        Assert.False(pair.Server.Ended.IsCancellationRequested);
        await pair.Client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await receiving.WaitAsync(Soon));
        await pair.Server.SendAsync(new byte[] { 2 });
        Assert.Equal([2], await answering.WaitAsync(Soon));
    }

    [Fact]
    public async Task Nothing_is_concluded_while_nobody_receives_here()
    {
        FakeTimeProvider time = new();
        await using ChannelPair pair = await CreateAsync(time);
        await pair.Client.SendAsync(new byte[] { 1 });
        for (int i = 0; i < 100; i++)
            time.Advance(Interval);
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon));
    }

    [Fact]
    public async Task A_ping_of_the_callers_own_is_answered_beside_it()
    {
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        (server.KeepAliveInterval, server.KeepAliveTimeout) = (TimeSpan.FromMilliseconds(100), Soon);
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            server
        );
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        Task<TimeSpan> ping = pair.Server.PingAsync().AsTask();
        await Task.Delay(TimeSpan.FromMilliseconds(500)); // the peer does not receive yet, and is asked again meanwhile
        Task<byte[]?> answering = ChannelPair.ReceiveAsync(pair.Client);
        await ping.WaitAsync(Soon);
        await pair.Client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await receiving.WaitAsync(Soon));
        await pair.Server.SendAsync(new byte[] { 2 });
        Assert.Equal([2], await answering.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_channel_that_was_abandoned_is_not_kept()
    {
        WeakReference abandoned = await AbandonAsync();
        for (int i = 0; i < 100 && abandoned.IsAlive; i++)
        {
            GC.Collect();
            await Task.Delay(20);
        }

        Assert.False(abandoned.IsAlive);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> AbandonAsync()
    {
        ChannelPair pair = await CreateAsync(TimeProvider.System);
        return new WeakReference(pair.Server);
    }

    [Fact]
    public async Task A_peer_that_has_closed_is_asked_no_more()
    {
        FakeTimeProvider time = new();
        await using ChannelPair pair = await CreateAsync(time);
        await pair.Client.CloseAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server).WaitAsync(Soon));
        for (int i = 0; i < 100; i++)
            time.Advance(Interval);
        await pair.Server.SendAsync(new byte[] { 2 });
        Assert.Equal([2], await ChannelPair.ReceiveAsync(pair.Client).WaitAsync(Soon));
    }

    [Theory]
    [InlineData(0, 20)]
    [InlineData(-5, 20)]
    [InlineData(0.09, 20)]
    [InlineData(30, 0.09)]
    [InlineData(86_400, 20)]
    [InlineData(30, 0)]
    [InlineData(30, 86_400)]
    public async Task Settings_that_make_no_sense_are_refused(double interval, double timeout)
    {
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        options.KeepAliveInterval = TimeSpan.FromSeconds(interval);
        options.KeepAliveTimeout = TimeSpan.FromSeconds(timeout);
        await Assert.ThrowsAsync<ArgumentException>(() =>
            SecureChannel.AcceptAsync(new MemoryStream(), options).AsTask()
        );
    }

    [Fact]
    public async Task A_direction_that_is_closed_after_the_ping_ends_the_watch()
    {
        FakeTimeProvider time = new();
        await using ChannelPair pair = await CreateAsync(time);
        Task<byte[]?> receiving = ChannelPair.ReceiveAsync(pair.Server);
        time.Advance(Interval / 2);
        time.Advance(Interval / 2); // asked, and given until the time-out
        await pair.Server.CloseAsync();
        for (int i = 0; i < 10; i++)
            time.Advance(Limit);
        await pair.Client.SendAsync(new byte[] { 1 });
        Assert.Equal([1], await receiving.WaitAsync(Soon));
    }

    [Fact]
    public async Task A_protocol_without_a_ping_has_no_sign_of_life()
    {
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.Seed);
        options.KeepAliveInterval = Interval;
        await Assert.ThrowsAsync<ArgumentException>(() =>
            SecureChannel.AcceptAsync(new MemoryStream(), options).AsTask()
        );
    }

    /// <summary>
    /// Every history of ten steps of ten seconds: nothing, something arrives, nobody reads any more. A peer is called
    /// silent only after one read was out for the whole of a time-out behind a ping, and always once one was out for
    /// interval and time-out.
    /// </summary>
    [Fact]
    public void Only_one_read_that_brings_nothing_for_so_long_is_silence()
    {
        const int Steps = 10;
        const int Step = 10;
        for (int history = 0; history < Math.Pow(3, Steps); history++)
        {
            FakeTimeProvider time = new();
            long read = 1;
            bool isOut = true;
            int quiet = 0,
                sincePing = int.MinValue / 2,
                silences = 0;
            bool Ping()
            {
                sincePing = 0;
                return true;
            }

            using KeepAlive keepAlive = new(Interval, Limit, time, () => isOut ? read : 0, Ping, () => silences++);
            for (int i = 0, left = history; i < Steps && silences == 0; i++, left /= 3)
            {
                if (left % 3 != 0)
                    (read, isOut, quiet) = (read + 1, left % 3 == 1, 0);
                for (int second = 0; second < Step && silences == 0; second++)
                {
                    quiet++;
                    sincePing++;
                    time.Advance(TimeSpan.FromSeconds(1));
                }

                bool mayBeFound = isOut && quiet >= Limit.TotalSeconds && sincePing >= Limit.TotalSeconds;
                bool mustBeFound = isOut && quiet >= (Interval + Limit).TotalSeconds;
                Assert.True(silences == 0 ? !mustBeFound : mayBeFound, $"history {history}, step {i}");
            }
        }
    }

    private static Task<ChannelPair> CreateAsync(TimeProvider time)
    {
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        (server.KeepAliveInterval, server.KeepAliveTimeout, server.TimeProvider) = (Interval, Limit, time);
        return ChannelPair.CreateAsync(ChannelPair.ClientOptions(ChannelProtocol.V1), server);
    }
}
