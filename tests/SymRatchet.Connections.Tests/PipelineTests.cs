using System.IO.Pipelines;
using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.DependencyInjection;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests;

/// <summary>
/// Channels over Kestrel's listener on one side, and over a pipeline that has no server on the other; real sockets.
/// </summary>
public sealed class PipelineTests
{
    private static readonly TimeSpan Patience = Pipeline.Patience;

    [Fact]
    public async Task Both_sides_talk_over_the_transport_and_say_when_all_is_said()
    {
        byte[] sent = new byte[3_000_001];
        Random.Shared.NextBytes(sent);
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            connection => connection.Transport.Input.CopyToAsync(connection.Transport.Output)
        );
        MemoryStream received = new();
        await Pipeline
            .Client(
                "sensor-17",
                async connection =>
                {
                    Task receiving = connection.Transport.Input.CopyToAsync(received);
                    await connection.Transport.Output.WriteAsync(sent);
                    await connection.Transport.Output.CompleteAsync();
                    await receiving;
                }
            )
            .RunAsync(listener.EndPoint);
        Assert.Equal(sent, received.ToArray());
    }

    [Fact]
    public async Task Each_side_has_its_features_while_the_handler_runs_and_not_after()
    {
        TaskCompletionSource<(ChannelPeer? Peer, ClaimsPrincipal? User)> served = new(
            TaskCreationOptions.RunContinuationsAsynchronously
        );
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            connection =>
            {
                served.SetResult(
                    (connection.GetSymRatchetPeer(), connection.Features.Get<IConnectionUserFeature>()?.User)
                );
                return Task.CompletedTask;
            }
        );
        ConnectionContext dialed = await Pipeline.DialAsync(listener.EndPoint);
        await using ConnectionContext _ = dialed;
        IDuplexPipe beneath = dialed.Transport;
        Assert.Null(dialed.GetSymRatchetPeer());
        await Pipeline
            .Client(
                "sensor-17",
                connection =>
                {
                    Assert.NotSame(beneath, connection.Transport);
                    Assert.Equal(ChannelRole.Server, connection.GetSymRatchetPeer()!.Role);
                    Assert.Same(
                        connection.GetSymRatchetPeer(),
                        connection.Features.Get<ISecureChannelFeature>()!.Channel.Peer
                    );

                    // Nobody has told a client its server's name: whoever authorises by users must not find its own
                    // there.
                    Assert.Null(connection.Features.Get<IConnectionUserFeature>());
                    return Task.CompletedTask;
                }
            )(dialed)
            .WaitAsync(Patience);
        Assert.Same(beneath, dialed.Transport);
        Assert.Null(dialed.GetSymRatchetPeer());

        (ChannelPeer? peer, ClaimsPrincipal? user) = await served.Task.WaitAsync(Patience);
        Assert.Equal("sensor-17", peer!.ClientId.ToString());
        Assert.True(user!.Identity!.IsAuthenticated);
        Assert.Equal("sensor-17", user.Identity.Name);
        Assert.Equal("sensor-17", user.FindFirstValue(ClaimTypes.NameIdentifier));
        Assert.Equal($"{peer.Suite}", user.FindFirstValue(ChannelPeerExtensions.SuiteClaim));
    }

    [Fact]
    public async Task A_half_that_is_closed_leaves_the_other_open()
    {
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            async connection =>
            {
                MemoryStream question = new();
                await connection.Transport.Input.CopyToAsync(question);
                await connection.Transport.Output.WriteAsync(BitConverter.GetBytes(question.Length));
            }
        );
        MemoryStream answer = new();
        await Pipeline
            .Client(
                "sensor-17",
                async connection =>
                {
                    await connection.Transport.Output.WriteAsync(new byte[200_000]);
                    await connection.Transport.Output.CompleteAsync();
                    await connection.Transport.Input.CopyToAsync(answer);
                }
            )
            .RunAsync(listener.EndPoint);
        Assert.Equal(200_000, BitConverter.ToInt64(answer.ToArray()));
    }

    [Fact]
    public async Task A_handler_that_completes_both_halves_ends_in_order_and_aborts_nothing()
    {
        // What was said may still be on its way to a peer that is slow: a connection that is aborted would drop it.
        DefaultConnectionContext connection = Pipeline.InMemory(out PipePair pipes);
        connection.Transport = pipes.Server;
        Task running = Pipeline.Build(
            builder => builder.UseSymRatchet(Keys.Server("sensor-17")),
            async context =>
            {
                await context.Transport.Output.WriteAsync("all of it"u8.ToArray());
                await context.Transport.Output.CompleteAsync();
                await context.Transport.Input.CompleteAsync();
                await Task.Delay(200);
            }
        )(connection);
        await using ISecureChannel client = await SecureChannel.ConnectAsync(pipes.Client, Keys.Client("sensor-17"));
        await running.WaitAsync(Patience);
        await Task.Delay(100);
        Assert.False(connection.ConnectionClosed.IsCancellationRequested);
        Assert.Equal("all of it"u8.ToArray(), await client.ReceiveMessageAsync().AsTask().WaitAsync(Patience));
        Assert.Null(await client.ReceiveMessageAsync().AsTask().WaitAsync(Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_peer_is_told_that_the_channel_was_aborted_before_its_connection_ends(bool byThrowing)
    {
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            async connection =>
            {
                await connection.Transport.Output.WriteAsync("half of it"u8.ToArray());
                if (byThrowing)
                    throw new InvalidDataException("the other half is broken");
                connection.Features.Get<ISecureChannelFeature>()!.Channel.Abort();
                await Task.Delay(Patience, connection.ConnectionClosed).ContinueWith(_ => { }, TaskScheduler.Default);
            }
        );
        for (int i = 0; i < 50; i++)
        {
            await Pipeline
                .Client(
                    "sensor-17",
                    async connection =>
                    {
                        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(() =>
                            connection.Transport.Input.CopyToAsync(Stream.Null).WaitAsync(Patience)
                        );
                        Assert.Equal(SecureChannelError.TerminatedByPeer, failure.Error);
                    }
                )
                .RunAsync(listener.EndPoint);
        }
    }

    [Fact]
    public async Task A_handler_that_throws_does_not_claim_that_all_was_said()
    {
        TaskCompletionSource<Exception?> served = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            async connection =>
                served.SetResult(await Record.ExceptionAsync(() => connection.Transport.Input.CopyToAsync(Stream.Null)))
        );
        await Assert.ThrowsAsync<InvalidDataException>(() =>
            Pipeline
                .Client(
                    "sensor-17",
                    async connection =>
                    {
                        await connection.Transport.Output.WriteAsync("half of it"u8.ToArray());
                        throw new InvalidDataException("the other half is broken");
                    }
                )
                .RunAsync(listener.EndPoint)
        );
        Assert.IsType<SecureChannelException>(await served.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_channel_that_is_aborted_takes_its_connection_with_it_on_both_sides(bool byServer)
    {
        TaskCompletionSource<Exception?> served = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            async connection =>
            {
                if (byServer)
                    connection.Features.Get<ISecureChannelFeature>()!.Channel.Abort();
                served.SetResult(await ReadToTheEndAsync(connection));
            }
        );
        Exception? failure = null;
        await Pipeline
            .Client(
                "sensor-17",
                async connection =>
                {
                    if (!byServer)
                        connection.Features.Get<ISecureChannelFeature>()!.Channel.Abort();
                    failure = await ReadToTheEndAsync(connection);
                }
            )
            .RunAsync(listener.EndPoint);
        SecureChannelException[] ends =
        [
            Assert.IsType<SecureChannelException>(failure),
            Assert.IsType<SecureChannelException>(await served.Task.WaitAsync(Patience)),
        ];

        Assert.Equal(SecureChannelError.Aborted, ends[byServer ? 1 : 0].Error);
        Assert.Equal(SecureChannelError.TerminatedByPeer, ends[byServer ? 0 : 1].Error);

        static async Task<Exception?> ReadToTheEndAsync(ConnectionContext connection)
        {
            Exception? ended = await Record.ExceptionAsync(() => connection.Transport.Input.CopyToAsync(Stream.Null));
            await Task.Delay(Timeout.Infinite, connection.ConnectionClosed)
                .ContinueWith(_ => { }, TaskScheduler.Default)
                .WaitAsync(Patience);
            return ended;
        }
    }

    [Fact]
    public async Task A_connection_that_is_aborted_ends_who_reads_and_who_writes()
    {
        await using Listener listener = await Listener.StartAsync(
            Keys.Server("sensor-17"),
            connection => Task.Delay(Timeout.Infinite, connection.ConnectionClosed)
        );
        Exception? read = null;
        bool isCompleted = false;
        await Pipeline
            .Client(
                "sensor-17",
                async connection =>
                {
                    Task<Exception?> reading = Record.ExceptionAsync(() =>
                        connection.Transport.Input.CopyToAsync(Stream.Null)
                    );
                    Task writing = Task.Run(async () =>
                    {
                        while (!isCompleted)
                            isCompleted = (
                                await connection.Transport.Output.WriteAsync(new byte[64 * 1024])
                            ).IsCompleted;
                    });
                    await Task.Delay(100);
                    connection.Abort();
                    read = await reading;
                    await writing;
                }
            )
            .RunAsync(listener.EndPoint);
        Assert.IsType<SecureChannelException>(read);
        Assert.True(isCompleted);
    }

    [Theory]
    [InlineData("sensor-17", 2)]
    [InlineData("sensor-18", 1)]
    public async Task A_failed_handshake_ends_the_connection_and_nobody_behind_it_hears_of_it(string id, byte first)
    {
        using ListLoggerFactory logs = new();
        bool isServed = false,
            isDialed = false;
        SecureChannelServerOptions options = Keys.Server("sensor-17");
        options.HashIdsInLogs = true;
        await using Listener listener = await Listener.StartAsync(
            options,
            _ =>
            {
                isServed = true;
                return Task.CompletedTask;
            }
        );
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                builder.UseSymRatchetClient(
                    new SecureChannelClientOptions
                    {
                        Key = Keys.Of(id, first),
                        HashIdsInLogs = true,
                        LoggerFactory = logs,
                    }
                ),
            _ =>
            {
                isDialed = true;
                return Task.CompletedTask;
            }
        );
        ConnectionContext connection = await Pipeline.DialAsync(listener.EndPoint);
        await using ConnectionContext _ = connection;
        IPEndPoint remote = (IPEndPoint)connection.RemoteEndPoint!;
        SecureChannelException failure = await Assert.ThrowsAsync<SecureChannelException>(() =>
            pipeline(connection).WaitAsync(Patience)
        );
        Assert.Equal(SecureChannelError.Refused, failure.Error);
        await Task.Delay(Timeout.Infinite, connection.ConnectionClosed)
            .ContinueWith(_ => { }, TaskScheduler.Default)
            .WaitAsync(Patience);
        Assert.False(isServed || isDialed);

        string[] lines = [.. listener.Logs.Lines, .. logs.Lines, failure.ToString()];
        Assert.Contains(logs.Lines, line => line.Contains(remote.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("sensor-1", StringComparison.Ordinal));
        Assert.DoesNotContain(
            lines,
            line =>
                line.Contains(
                    Convert.ToHexString([first, (byte)(first + 1), (byte)(first + 2)]),
                    StringComparison.OrdinalIgnoreCase
                )
        );
        Assert.DoesNotContain(lines, line => line.Contains("Unhandled exception", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_remote_has_a_key_of_its_own()
    {
        await using Listener first = await Listener.StartAsync(Keys.Server("a>b"), NameAsync);
        await using Listener second = await Listener.StartAsync(Keys.Server("a>c"), NameAsync);
        ConnectionDelegate pipeline = Pipeline.Build(
            builder =>
                builder.UseSymRatchetClient(connection =>
                    Keys.Client(connection.RemoteEndPoint!.Equals(first.EndPoint) ? "a>b" : "a>c")
                ),
            async connection =>
            {
                using StreamReader reader = new(connection.Transport.Input.AsStream());
                connection.Items["name"] = await reader.ReadToEndAsync();
            }
        );
        foreach ((Listener listener, string name) in new[] { (first, "a>b"), (second, "a>c"), (first, "a>b") })
        {
            ConnectionContext connection = await Pipeline.DialAsync(listener.EndPoint);
            await using ConnectionContext _ = connection;
            await pipeline(connection).WaitAsync(Patience);
            Assert.Equal(name, connection.Items["name"]);
        }

        static async Task NameAsync(ConnectionContext connection) =>
            await connection.Transport.Output.WriteAsync(
                System.Text.Encoding.ASCII.GetBytes(connection.GetSymRatchetPeer()!.ClientId.ToString())
            );
    }

    [Fact]
    public void Options_that_cannot_work_are_refused_when_the_pipeline_is_made()
    {
        ConnectionBuilder builder = new(new ServiceCollection().BuildServiceProvider());
        Assert.Throws<ArgumentException>(() => builder.UseSymRatchet(new SecureChannelServerOptions()));
        Assert.Throws<ArgumentException>(() => builder.UseSymRatchetClient(new SecureChannelClientOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            builder.UseSymRatchetClient(Keys.Client("sensor-17"), maxConcurrentHandshakes: 0)
        );
    }
}
