using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>One channel after another, with waits that grow and never go above their bound.</summary>
public sealed class ReconnectingClientTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Waits_grow_with_failures_in_a_row_and_a_long_life_ends_the_row()
    {
        FakeTimeProvider time = new();
        int attempts = 0;
        List<ReconnectEventArgs> waits = [];
        ReconnectingClient client = new(async _ =>
            ++attempts % 12 == 0
                ? (await ChannelPair.CreateAsync()).Client
                : throw new SecureChannelException(SecureChannelError.Transport, "away")
        )
        {
            TimeProvider = time,
        };
        client.Waiting += (_, wait) =>
        {
            waits.Add(wait);
            Task.Delay(1).ContinueWith(_ => time.Advance(client.LongestDelay), TaskScheduler.Default);
        };
        using CancellationTokenSource source = new();
        int channels = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Task.Run(async () =>
                {
                    await foreach (ISecureChannel channel in client.ConnectAllAsync(source.Token))
                    {
                        Assert.Equal(ProtocolPhase.Active, channel.Phase);
                        time.Advance(client.LongestDelay);
                        if (++channels == 3)
                            await source.CancelAsync();
                    }
                })
                .WaitAsync(Soon)
        );
        Assert.Equal(36, waits.Count);
        for (int i = 0; i < waits.Count; i++)
        {
            double bound = Math.Min(60, Math.Pow(2, i < 12 ? i : i % 12 + (i % 12 == 11 ? 0 : 1)));
            Assert.Equal(i % 12 == 11, waits[i].Error is null);
            Assert.InRange(waits[i].Delay.TotalSeconds, 0, i % 12 == 11 ? 1 : bound);
        }

        Assert.Contains(waits, wait => wait.Delay.TotalSeconds > 20);
    }

    [Fact]
    public async Task Options_that_are_changed_later_do_not_reach_the_client()
    {
        using PreSharedKey key = PreSharedKey.Generate("sensor-17");
        SecureChannelClientOptions options = new() { Key = key };
        ReconnectingClient client = new(ClosedPort(), options);
        options.Key = null;
        using CancellationTokenSource source = new(Soon);
        SecureChannelException? error = null;
        client.Waiting += (_, wait) =>
        {
            error = wait.Error;
            source.Cancel();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ISecureChannel unexpected in client.ConnectAllAsync(source.Token))
                Assert.Fail("Nobody listens there.");
        });
        Assert.Equal(SecureChannelError.Transport, error?.Error);
    }

    [Fact]
    public void Options_that_are_incomplete_are_refused_at_once() =>
        Assert.Throws<ArgumentException>(() => new ReconnectingClient(ClosedPort(), new SecureChannelClientOptions()));

    private static EndPoint ClosedPort()
    {
        using TcpListener closed = new(IPAddress.Loopback, 0);
        closed.Start();
        return closed.LocalEndpoint;
    }

    [Theory]
    [InlineData(0, 60)]
    [InlineData(-1, 60)]
    [InlineData(2, 1)]
    [InlineData(1, 86_401)]
    public void Waits_that_make_no_sense_are_refused(int first, int longest)
    {
        ReconnectingClient client = new(_ => throw new InvalidOperationException("not to be asked"))
        {
            FirstDelay = TimeSpan.FromSeconds(first),
            LongestDelay = TimeSpan.FromSeconds(longest),
        };
        Assert.Throws<InvalidOperationException>(() => client.ConnectAllAsync());
    }

    /// <summary>Whoever has the wire can make any of them, with one bit; none may stop a device for good.</summary>
    [Theory]
    [InlineData(SecureChannelError.Authentication)]
    [InlineData(SecureChannelError.UnexpectedMessage)]
    [InlineData(SecureChannelError.UnexpectedRound)]
    [InlineData(SecureChannelError.Malformed)]
    [InlineData(SecureChannelError.Limit)]
    [InlineData(SecureChannelError.Timeout)]
    [InlineData(SecureChannelError.Truncated)]
    [InlineData(SecureChannelError.TerminatedByPeer)]
    [InlineData(SecureChannelError.KeyStore)]
    [InlineData(SecureChannelError.Transport)]
    [InlineData(SecureChannelError.Refused)]
    public async Task What_others_can_cause_is_tried_again(SecureChannelError error)
    {
        int attempts = 0;
        ReconnectingClient client = new(async _ =>
            ++attempts == 1 ? throw new SecureChannelException(error, "once") : (await ChannelPair.CreateAsync()).Client
        )
        {
            FirstDelay = TimeSpan.FromMilliseconds(1),
        };
        await client.ConnectAllAsync().FirstAsync().AsTask().WaitAsync(Soon);
        Assert.Equal(2, attempts);
        Assert.True(new SecureChannelException(error, "").IsTransient);
    }

    [Theory]
    [InlineData(SecureChannelError.Aborted)]
    [InlineData(SecureChannelError.Canceled)]
    public async Task What_this_side_did_itself_ends_it(SecureChannelError error)
    {
        ReconnectingClient client = new(_ => throw new SecureChannelException(error, "by this side"));
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            client.ConnectAllAsync().FirstAsync().AsTask().WaitAsync(Soon)
        );
        Assert.False(new SecureChannelException(error, "").IsTransient);
    }

    [Fact]
    public async Task A_client_that_is_refused_for_too_long_gives_up_and_any_other_error_begins_the_time_anew()
    {
        FakeTimeProvider time = new();
        Queue<SecureChannelError> errors = new([
            SecureChannelError.Refused,
            SecureChannelError.Refused,
            SecureChannelError.Transport,
            SecureChannelError.Refused,
            SecureChannelError.Authentication,
            SecureChannelError.Refused,
        ]);
        ReconnectingClient client = new(_ => throw new SecureChannelException(errors.Dequeue(), "not now"))
        {
            TimeProvider = time,
            RefusalLimit = TimeSpan.FromMinutes(2),
        };
        client.Waiting += (_, _) =>
            Task.Delay(1).ContinueWith(_ => time.Advance(client.LongestDelay), TaskScheduler.Default);
        SecureChannelException given = await Assert.ThrowsAsync<SecureChannelException>(() =>
            client.ConnectAllAsync().FirstAsync().AsTask().WaitAsync(Soon)
        );
        Assert.Empty(errors);
        Assert.Equal(SecureChannelError.Refused, given.Error);
        Assert.Contains("refused for 120 s", given.Message, StringComparison.Ordinal);
        Assert.Equal("not now", given.InnerException!.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    public void A_limit_of_refusals_that_makes_no_sense_is_refused(int seconds)
    {
        ReconnectingClient client = new(_ => throw new InvalidOperationException("not to be asked"))
        {
            RefusalLimit = TimeSpan.FromSeconds(seconds),
        };
        Assert.Throws<InvalidOperationException>(() => client.ConnectAllAsync());
    }

    [Fact]
    public async Task A_worker_outlives_its_server()
    {
        SecureChannelServerOptions options = ChannelPair.ServerOptions(ChannelProtocol.V1);
        SecureChannelListener first = SecureChannelListener.Listen(
            new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
            options
        );
        ReconnectingClient client = new(first.LocalEndPoint, ChannelPair.ClientOptions(ChannelProtocol.V1))
        {
            FirstDelay = TimeSpan.FromMilliseconds(20),
        };
        using CancellationTokenSource source = new();
        List<byte> answers = [];
        Task working = Task.Run(async () =>
        {
            await foreach (ISecureChannel channel in client.ConnectAllAsync(source.Token))
            {
                try
                {
                    await channel.SendAsync(new byte[] { 1 }, source.Token);
                    answers.AddRange(await channel.ReceiveMessageAsync(source.Token) ?? []);
                }
                catch (SecureChannelException)
                {
                    // The next channel goes on.
                }
            }
        });
        await ServeOneAsync(first, 7);
        await first.DisposeAsync();
        await Task.Delay(100);
        await using SecureChannelListener second = SecureChannelListener.Listen(first.LocalEndPoint, options);
        await ServeOneAsync(second, 8);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => working.WaitAsync(Soon));
        Assert.Equal([7, 8], answers);
    }

    private static async Task ServeOneAsync(SecureChannelListener listener, byte answer)
    {
        await using ISecureChannel channel = await listener.AcceptAllAsync().FirstAsync().AsTask().WaitAsync(Soon);
        Assert.Equal([1], await channel.ReceiveMessageAsync());
        await channel.SendAsync(new[] { answer });
        Assert.Null(await IgnoreAsync(channel));
    }

    private static async Task<byte[]?> IgnoreAsync(ISecureChannel channel)
    {
        try
        {
            return await channel.ReceiveMessageAsync().AsTask().WaitAsync(Soon);
        }
        catch (SecureChannelException)
        {
            return null;
        }
    }
}
