using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace SymRatchet.AspNetCore.Tests;

/// <summary>
/// How a connection ends: only what was really said to the end is closed in order, and nobody holds up a server that
/// stops.
/// </summary>
public sealed class ConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_handler_that_fails_does_not_claim_that_all_was_said()
    {
        await using RawServer server = await RawServer.StartAsync(async connection =>
        {
            await connection.Transport.Output.WriteAsync("half of it"u8.ToArray());
            throw new InvalidDataException("the other half is broken");
        });
        await using ISecureChannel channel = await server.OpenChannelAsync();
        ArrayBufferWriter<byte> received = new();
        Assert.True(await channel.ReceiveAsync(received));
        await Assert.ThrowsAsync<SecureChannelException>(() =>
            channel.ReceiveAsync(received).AsTask().WaitAsync(Patience)
        );
    }

    [Fact]
    public async Task A_handler_that_returns_has_said_all_of_it()
    {
        await using RawServer server = await RawServer.StartAsync(connection =>
        {
            // Not flushed: what a handler leaves in the pipe when it is done is sent nevertheless.
            connection.Transport.Output.Write("all of it"u8);
            return Task.CompletedTask;
        });
        await using ISecureChannel channel = await server.OpenChannelAsync();
        ArrayBufferWriter<byte> received = new();
        Assert.True(await channel.ReceiveAsync(received));
        Assert.Equal("all of it", Encoding.ASCII.GetString(received.WrittenSpan));
        Assert.False(await channel.ReceiveAsync(received));
    }

    [Fact]
    public async Task A_silent_connection_does_not_hold_up_a_server_that_stops()
    {
        HandshakeLimiter limiter = new();
        await using RawServer server = await RawServer.StartAsync(
            _ => Task.CompletedTask,
            configure: options =>
            {
                options.HandshakeTimeout = Timeout.InfiniteTimeSpan;
                options.HandshakeLimiter = limiter;
            }
        );
        await using NetworkStream silent = await server.ConnectAsync();
        using CancellationTokenSource patience = new(Patience);
        while (limiter.Pending == 0)
            await Task.Delay(5, patience.Token);

        using CancellationTokenSource grace = new(TimeSpan.FromSeconds(5));
        await server.StopAsync(grace.Token);
        Assert.False(
            grace.IsCancellationRequested,
            "The server waited for the silent connection until it was told to stop at once."
        );
    }

    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_is_no_error_in_the_servers_log()
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawServer server = await RawServer.StartAsync(
            handler: null,
            application =>
                application.MapGet(
                    "/endless",
                    async (HttpContext context) =>
                    {
                        try
                        {
                            byte[] block = new byte[64 * 1024];
                            while (true)
                                await context.Response.Body.WriteAsync(block, context.RequestAborted);
                        }
                        finally
                        {
                            ended.TrySetResult();
                        }
                    }
                )
        );
        NetworkStream wire = await server.ConnectAsync();
        await using (
            ISecureChannel channel = await SecureChannel.ConnectAsync(
                wire,
                new SecureChannelClientOptions { Key = WebServer.Key }
            )
        )
        {
            await channel.SendAsync("GET /endless HTTP/1.1\r\nHost: here\r\n\r\n"u8.ToArray());
            Assert.True(await channel.ReceiveAsync(new ArrayBufferWriter<byte>()));
            wire.Socket.Close(0);
        }

        await ended.Task.WaitAsync(Patience);
        using CancellationTokenSource patience = new(Patience);
        await server.StopAsync(patience.Token);
        Assert.DoesNotContain(
            server.Logs.Lines,
            line =>
                line.Contains("Unhandled exception", StringComparison.Ordinal)
                || line.Contains("Unexpected exception", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task What_a_handler_writes_to_a_client_that_is_gone_does_not_gather_in_memory()
    {
        TaskCompletionSource<long> unflushed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawServer server = await RawServer.StartAsync(async connection =>
        {
            PipeWriter output = connection.Transport.Output;
            while (!(await output.WriteAsync(new byte[64 * 1024])).IsCompleted) { }

            for (int i = 0; i < 100; i++)
                Assert.True((await output.WriteAsync(new byte[64 * 1024])).IsCompleted);
            unflushed.SetResult(output.UnflushedBytes);
        });
        NetworkStream wire = await server.ConnectAsync();
        await using (
            ISecureChannel channel = await SecureChannel.ConnectAsync(
                wire,
                new SecureChannelClientOptions { Key = WebServer.Key }
            )
        )
        {
            Assert.NotNull(await channel.ReceiveMessageAsync());
            wire.Socket.Close(0);
        }

        Assert.Equal(0, await unflushed.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_handler_that_completes_its_output_closes_that_direction_at_once_and_reads_on()
    {
        byte[] sent = new byte[300_004];
        Random.Shared.NextBytes(sent);
        TaskCompletionSource<byte[]> read = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using RawServer server = await RawServer.StartAsync(async connection =>
        {
            await connection.Transport.Output.WriteAsync("all of it"u8.ToArray());
            await connection.Transport.Output.CompleteAsync();
            MemoryStream received = new();
            await connection.Transport.Input.CopyToAsync(received);
            read.SetResult(received.ToArray());
        });
        await using SecureChannelStream stream = (await server.OpenChannelAsync()).AsStream();
        using StreamReader reader = new(stream, leaveOpen: true);
        Assert.Equal("all of it", await reader.ReadToEndAsync().WaitAsync(Patience));
        await stream.WriteAsync(sent);
        await stream.CompleteWritesAsync();
        Assert.Equal(sent, await read.Task.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("quiet")]
    [InlineData("writing")]
    [InlineData("reading")]
    public async Task Requests_of_a_client_that_is_revoked_end_although_it_keeps_its_connection(string handler)
    {
        TaskCompletionSource<TimeSpan> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);
        long revoked = 0;
        await using RawServer server = await RawServer.StartAsync(
            handler: null,
            application =>
                application.MapPost(
                    "/",
                    async (HttpContext context) =>
                    {
                        running.SetResult();
                        try
                        {
                            await (
                                handler switch
                                {
                                    "quiet" => Task.Delay(Timeout.Infinite, context.RequestAborted),
                                    "writing" => WriteForEverAsync(context),
                                    _ => context.Request.Body.CopyToAsync(Stream.Null),
                                }
                            );
                        }
                        finally
                        {
                            ended.TrySetResult(TimeProvider.System.GetElapsedTime(Volatile.Read(ref revoked)));
                        }
                    }
                )
        );

        // It never reads, and never hangs up.
        await using ISecureChannel channel = await server.OpenChannelAsync();
        await channel.SendAsync("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n"u8.ToArray());
        await running.Task.WaitAsync(Patience);
        await Task.Delay(200);
        Volatile.Write(ref revoked, TimeProvider.System.GetTimestamp());
        await server.RevokeAsync();
        Assert.InRange(await ended.Task.WaitAsync(Patience), TimeSpan.Zero, TimeSpan.FromSeconds(5));

        static async Task WriteForEverAsync(HttpContext context)
        {
            // After an abort Kestrel takes what is written and drops it, so it is the token that ends this.
            while (true)
                await context.Response.Body.WriteAsync(new byte[10_000], context.RequestAborted);
        }
    }
}
