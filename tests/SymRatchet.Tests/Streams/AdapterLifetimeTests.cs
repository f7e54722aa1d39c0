using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using SymRatchet.Streams;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Streams;

/// <summary>
/// Streams and pipes that are disposed, completed, cancelled and misused while a call is in progress.
/// </summary>
public sealed class AdapterLifetimeTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_stream_disposed_during_reads_gives_each_buffer_back_once_zeroed_and_unused()
    {
        CheckingPool pool = new();
        for (int i = 0; i < 300; i++)
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync();
            SecureChannelStream stream = new(pair.Server, leaveOpen: false, closeOnDispose: false, pool);
            byte[] sent = [.. Enumerable.Range(0, 3000).Select(n => (byte)(n + i))];
            List<byte> received = [];
            Task reading = ReadAllAsync(stream, received, readSize: 700);
            Task sending = Task.Run(() => SendAllAsync(pair.Client, sent, count: 20));
            if (i % 3 != 0)
                await Task.Delay(i % 2);
            await stream.DisposeAsync();
            await reading.WaitAsync(Soon);
            await sending.WaitAsync(Soon);
            byte[] all = [.. Enumerable.Repeat(sent, 20).SelectMany(bytes => bytes)];
            Assert.Equal(all[..received.Count], received.ToArray());
        }

        Assert.Empty(pool.Mistakes());
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public async Task A_pipe_completed_during_reads_never_hands_out_bytes_that_were_not_received()
    {
        CheckingPool pool = new();
        for (int i = 0; i < 300; i++)
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync();
            ChannelDuplexPipe pipe = new(pair.Server, leaveOpen: false, pool);
            byte[] sent = [.. Enumerable.Range(0, 3000).Select(n => (byte)(n + i))];
            List<byte> received = [];
            Task reading = ReadAllAsync(pipe.Input, received);
            Task sending = Task.Run(() => SendAllAsync(pair.Client, sent, count: 20));
            if (i % 3 != 0)
                await Task.Delay(i % 2);
            await pipe.Input.CompleteAsync();
            await pair.Client.DisposeAsync();
            await reading.WaitAsync(Soon);
            await sending.WaitAsync(Soon);
            await pipe.Output.CompleteAsync(new IOException("cut"));
            byte[] all = [.. Enumerable.Repeat(sent, 20).SelectMany(bytes => bytes)];
            Assert.Equal(all[..received.Count], received.ToArray());
        }

        Assert.Empty(pool.Mistakes());
        Assert.Equal(0, pool.Outstanding);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(200_000)]
    public async Task Buffers_of_a_pipe_go_back_as_zeros_whatever_was_asked_for(int length)
    {
        CheckingPool pool = new();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        ChannelDuplexPipe pipe = new(pair.Server, leaveOpen: false, pool);
        byte[] sent = [.. Enumerable.Repeat((byte)7, length)];
        sent.CopyTo(pipe.Output.GetSpan(length));
        pipe.Output.Advance(length);
        Assert.NotEqual(0, pool.Outstanding);
        Task receiving = Task.Run(async () =>
        {
            for (int left = length; left != 0; )
                left -= (await ChannelPair.ReceiveAsync(pair.Client))!.Length;
        });
        await pipe.Output.FlushAsync();
        await receiving.WaitAsync(Soon);
        pipe.Output.Write(sent); // dropped

        await pair.Client.SendAsync(new byte[] { 1, 2, 3 });
        ReadResult read = await pipe.Input.ReadAsync();
        Assert.NotEqual(0, pool.Outstanding);
        pipe.Input.AdvanceTo(read.Buffer.GetPosition(1));
        await pair.Client.SendAsync(new byte[] { 4 });
        read = await pipe.Input.ReadAsync();
        Assert.Equal([2, 3], read.Buffer.Slice(0, 2).ToArray());
        pipe.Input.AdvanceTo(read.Buffer.Start);

        await pipe.Input.CompleteAsync();
        await pipe.Output.CompleteAsync(new IOException("cut"));
        Assert.Empty(pool.Mistakes());
        Assert.Equal(0, pool.Outstanding);
    }

    [Fact]
    public async Task A_pipe_completed_while_bytes_of_it_are_held_leaves_them_to_their_holder()
    {
        for (int i = 0; i < 20; i++)
        {
            await using ChannelPair pair = await ChannelPair.CreateAsync();
            ChannelDuplexPipe pipe = new(pair.Server, leaveOpen: false, ArrayPool<byte>.Shared);
            byte[] sent = [.. Enumerable.Repeat((byte)7, 3000)];
            await pair.Client.SendAsync(sent);
            ReadResult held = await pipe.Input.ReadAsync();
            await pipe.Input.CompleteAsync();
            byte[][] rented = [.. Enumerable.Range(9, 9).Select(bits => ArrayPool<byte>.Shared.Rent(1 << bits))];
            foreach (byte[] buffer in rented)
                buffer.AsSpan().Fill(0xEE);
            Assert.Equal(sent, held.Buffer.ToArray());
            foreach (byte[] buffer in rented)
                ArrayPool<byte>.Shared.Return(buffer);
            pipe.Input.AdvanceTo(held.Buffer.End);
            Assert.Throws<InvalidOperationException>(() => pipe.Input.TryRead(out _));
            await pipe.Output.CompleteAsync(new IOException("cut"));
        }
    }

    [Fact]
    public async Task A_token_cancelled_after_its_flush_cancels_no_other_and_drops_nothing()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        server.Output.CancelPendingFlush();
        Assert.True((await server.Output.WriteAsync(new byte[] { 1 })).IsCanceled);
        Assert.False((await server.Output.FlushAsync()).IsCanceled);
        server.Output.Write(new byte[] { 2 });
        server.Output.CancelPendingFlush();
        await server.Output.CompleteAsync();
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Client));
        Assert.Equal([2], await ChannelPair.ReceiveAsync(pair.Client));
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Client));
        await server.Input.CompleteAsync();
    }

    [Fact]
    public async Task A_write_that_was_cut_between_its_messages_is_never_repeated()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            pipeOptions: new PipeOptions(
                pauseWriterThreshold: 1,
                resumeWriterThreshold: 1,
                useSynchronizationContext: false
            )
        );
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        byte[] sent = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 31))];
        using CancellationTokenSource source = new();
        Task writing = server.Output.WriteAsync(sent, source.Token).AsTask();
        byte[] first = (await ChannelPair.ReceiveAsync(pair.Client))!;
        Assert.Equal(sent[..first.Length], first);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => writing).WaitAsync(Soon);
        await Assert.ThrowsAnyAsync<Exception>(() => server.Output.CompleteAsync().AsTask()).WaitAsync(Soon);
        int at = first.Length;
        await Assert
            .ThrowsAsync<SecureChannelException>(async () =>
            {
                while (await ChannelPair.ReceiveAsync(pair.Client) is { } next)
                {
                    Assert.Equal(sent[at..(at + next.Length)], next);
                    at += next.Length;
                }
            })
            .WaitAsync(Soon);
        await server.Input.CompleteAsync();
    }

    [Fact]
    public async Task Whoever_completes_a_pipe_again_waits_for_the_first_completion()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        byte[] sent = new byte[1_000_000];
        server.Output.Write(sent);
        server.Output.Complete();
        Task completing = server.Output.CompleteAsync().AsTask();
        Assert.False(completing.IsCompleted);
        int received = 0;
        while (await ChannelPair.ReceiveAsync(pair.Client) is { } part)
            received += part.Length;
        await completing.WaitAsync(Soon);
        Assert.Equal(sent.Length, received);
        await server.Input.CompleteAsync();
    }

    [Fact]
    public async Task A_pipe_whose_peer_takes_nothing_is_completed_all_the_same()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            pipeOptions: new PipeOptions(
                pauseWriterThreshold: 1,
                resumeWriterThreshold: 1,
                useSynchronizationContext: false
            )
        );
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        server.Output.Write(new byte[100]);
        await Assert
            .ThrowsAsync<SecureChannelException>(() => server.Output.CompleteAsync().AsTask())
            .WaitAsync(2 * Soon);
        await server.Input.CompleteAsync().AsTask().WaitAsync(Soon);
    }

    [Fact]
    public async Task A_refused_second_read_gets_nothing_and_takes_nothing()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await using SecureChannelStream stream = pair.Server.AsStream();
        byte[] first = new byte[10],
            second = new byte[10];
        ValueTask<int> reading = stream.ReadAsync(first);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => _ = await stream.ReadAsync(second));
        await pair.Client.SendAsync(new byte[] { 1, 2, 3 });
        Assert.Equal(3, await reading);
        Assert.Equal([1, 2, 3, 0, 0, 0, 0, 0, 0, 0], first);
        Assert.All(second, b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task A_half_that_is_completed_leaves_the_other_to_read_everything()
    {
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        byte[] sent = new byte[300_004];
        Random.Shared.NextBytes(sent);
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        await using SecureChannelStream client = pair.Client.AsStream();
        Task writing = WriteAsync();
        await server.Output.CompleteAsync();
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        List<byte> received = [];
        await ReadAllAsync(server.Input, received).WaitAsync(Soon);
        await writing;
        Assert.Equal(sent, received);
        await server.Input.CompleteAsync();
        Assert.Equal(ProtocolPhase.Terminated, pair.Server.Phase);

        async Task WriteAsync()
        {
            await client.WriteAsync(sent);
            await client.CompleteWritesAsync();
        }
    }

    [Fact]
    public async Task Output_completed_with_an_exception_aborts_and_proves_no_end()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        server.Output.Write("unsent"u8);
        await server.Output.CompleteAsync(new IOException("the source broke"));
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Client)).WaitAsync(Soon);
        await Assert.ThrowsAsync<SecureChannelException>(async () => await server.Input.ReadAsync()).WaitAsync(Soon);
        await server.Input.CompleteAsync();
    }

    [Fact]
    public async Task Output_completed_sends_what_is_left_and_then_closes()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        server.Output.Write("unsent"u8);
        server.Output.Complete();
        Assert.Equal("unsent"u8.ToArray(), await ChannelPair.ReceiveAsync(pair.Client).WaitAsync(Soon));
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Client).WaitAsync(Soon));
        Assert.Throws<InvalidOperationException>(() => server.Output.GetMemory(1));
        await server.Input.CompleteAsync();
    }

    [Fact]
    public async Task A_stream_that_an_exception_unwinds_proves_no_end()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await Assert.ThrowsAsync<FormatException>(async () =>
        {
            await using SecureChannelStream stream = pair.Client.AsStream();
            await stream.WriteAsync(new byte[] { 1 });
            throw new FormatException();
        });
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server));
    }

    [Fact]
    public async Task A_stream_made_to_close_on_disposal_closes_unless_a_write_failed()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.AsStream(closeOnDispose: true).DisposeAsync();
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));

        await using ChannelPair cut = await ChannelPair.CreateAsync();
        SecureChannelStream stream = cut.Client.AsStream(closeOnDispose: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await stream.WriteAsync(new byte[1], new CancellationToken(true))
        );
        await stream.DisposeAsync();
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(cut.Server));
    }

    [Fact]
    public async Task What_is_left_of_a_message_is_not_handed_out_after_the_channel_has_ended()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await using SecureChannelStream stream = pair.Server.AsStream();
        await pair.Client.SendAsync(new byte[1000]);
        byte[] buffer = new byte[10];
        Assert.Equal(10, await stream.ReadAsync(buffer));
        pair.Server.Abort();
        await Assert.ThrowsAsync<SecureChannelException>(async () => _ = await stream.ReadAsync(buffer));
    }

    [Fact]
    public async Task A_read_of_a_stream_that_is_left_open_ends_with_the_stream_and_loses_nothing()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        SecureChannelStream stream = pair.Server.AsStream(leaveOpen: true);
        Task<int> reading = stream.ReadAsync(new byte[10]).AsTask();
        await stream.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading).WaitAsync(Soon);
        await pair.RoundAsync([1], [2]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_relay_turns_a_broken_side_into_an_error_on_the_other(bool plainBreaks)
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Socket program = ((NetworkStream)sockets.Client).Socket;
        Task relaying = SecureChannelRelay.RunAsync(((NetworkStream)sockets.Server).Socket, pair.Client);
        await sockets.Client.WriteAsync(new byte[] { 1 });
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        if (plainBreaks)
        {
            program.LingerState = new LingerOption(enable: true, seconds: 0);
            program.Dispose();
            await Assert
                .ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server))
                .WaitAsync(Soon);
        }
        else
        {
            await pair.Server.DisposeAsync();
            await Assert
                .ThrowsAsync<IOException>(async () => _ = await sockets.Client.ReadAsync(new byte[1]))
                .WaitAsync(Soon);
        }

        await Assert.ThrowsAnyAsync<IOException>(() => relaying).WaitAsync(Soon);
    }

    [Fact]
    public async Task The_death_of_a_relays_process_resets_its_socket_until_both_sides_have_ended()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Socket plain = ((NetworkStream)sockets.Server).Socket;
        Task relaying = SecureChannelRelay.RunAsync(plain, pair.Client);
        Assert.Equal((true, 0), (plain.LingerState!.Enabled, plain.LingerState.LingerTime));

        ((NetworkStream)sockets.Client).Socket.Shutdown(SocketShutdown.Send);
        Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
        await pair.Server.CloseAsync();
        await relaying.WaitAsync(Soon);
        Assert.Equal(0, await sockets.Client.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task A_cancelled_relay_ends_both_sides_with_an_error()
    {
        await using SocketPair sockets = await SocketPair.CreateAsync();
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        using CancellationTokenSource source = new();
        Task relaying = SecureChannelRelay.RunAsync(((NetworkStream)sockets.Server).Socket, pair.Client, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => relaying).WaitAsync(Soon);
        await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server)).WaitAsync(Soon);
        await Assert
            .ThrowsAsync<IOException>(async () => _ = await sockets.Client.ReadAsync(new byte[1]))
            .WaitAsync(Soon);
    }

    private static async Task ReadAllAsync(SecureChannelStream stream, List<byte> received, int readSize)
    {
        byte[] buffer = new byte[readSize];
        try
        {
            while (await stream.ReadAsync(buffer) is > 0 and int length)
                received.AddRange(buffer.AsSpan(..length));
        }
        catch (Exception e) when (e is ObjectDisposedException or SecureChannelException)
        {
            // Ended in the middle, as it should be.
        }
    }

    private static async Task ReadAllAsync(PipeReader reader, List<byte> received)
    {
        try
        {
            while (true)
            {
                ReadResult read = await reader.ReadAsync();
                foreach (ReadOnlyMemory<byte> part in read.Buffer)
                    received.AddRange(part.Span);
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    return;
            }
        }
        catch (Exception e) when (e is InvalidOperationException or SecureChannelException)
        {
            // Completed in the middle.
        }
    }

    private static async Task SendAllAsync(ISecureChannel channel, byte[] message, int count)
    {
        try
        {
            for (int i = 0; i < count; i++)
                await channel.SendAsync(message);
        }
        catch (Exception e) when (e is ObjectDisposedException or SecureChannelException)
        {
            // The reader has gone.
        }
    }
}
