using System.IO.Pipelines;
using SymRatchet.TestKit;

namespace SymRatchet.Tests.Streams;

/// <summary>A channel as a stream and as a pipe.</summary>
public sealed class ChannelStreamTests
{
    [Fact]
    public async Task A_stream_carries_bytes_and_ends_with_the_close()
    {
        await using ChannelPair pair = await ChannelPair.OverSocketsAsync(
            ChannelPair.ClientOptions(ChannelProtocol.V1),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        byte[] sent = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];
        Task writing = WriteAllAsync(pair.Client.AsStream(), sent);
        MemoryStream received = new();
        await pair.Server.AsStream(leaveOpen: true).CopyToAsync(received);
        await writing;
        Assert.Equal(sent, received.ToArray());

        static async Task WriteAllAsync(SecureChannelStream stream, byte[] bytes)
        {
            await stream.WriteAsync(bytes);
            await stream.CompleteWritesAsync();
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(5000)]
    public async Task A_small_read_takes_a_part_of_a_message_and_loses_nothing(int readSize)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await using Stream reader = pair.Server.AsStream();
        byte[] sent = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)];
        await pair.Client.WriteAsync(sent.AsMemory(0, 1000));
        await pair.Client.WriteAsync(ReadOnlyMemory<byte>.Empty);
        await pair.Client.SendAsync(sent.AsMemory(1000));
        Assert.Equal(0, await reader.ReadAsync(Memory<byte>.Empty)); // waits for bytes and takes none
        List<byte> received = [];
        byte[] buffer = new byte[readSize];
        while (received.Count < sent.Length)
            received.AddRange(buffer[..await reader.ReadAsync(buffer)]);
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Synchronous_calls_work_too()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        using Stream client = pair.Client.AsStream();
        using Stream server = pair.Server.AsStream();
        client.Write([1, 2, 3], 0, 3);
        byte[] buffer = new byte[10];
        Assert.Equal(3, server.Read(buffer, 0, buffer.Length));
    }

    [Fact]
    public async Task A_stream_that_was_cut_fails_and_does_not_end()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await using Stream server = pair.Server.AsStream();
        await pair.Client.DisposeAsync();
        await Assert.ThrowsAsync<SecureChannelException>(async () => await server.ReadExactlyAsync(new byte[1]));
    }

    [Fact]
    public async Task A_peer_that_takes_nothing_does_not_hold_up_who_disposes()
    {
        // A flush waits until the other side has read.
        await using ChannelPair pair = await ChannelPair.CreateAsync(
            pipeOptions: new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1)
        );
        await pair.Client.AsStream().DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(ProtocolPhase.Terminated, pair.Client.Phase);
    }

    [Fact]
    public async Task A_stream_left_open_leaves_the_channel_usable()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await using (Stream stream = pair.Client.AsStream(leaveOpen: true))
            await stream.WriteAsync(new byte[] { 1 });
        await pair.Client.SendAsync(new byte[] { 2 });
        Assert.Equal([1], await ChannelPair.ReceiveAsync(pair.Server));
        Assert.Equal([2], await ChannelPair.ReceiveAsync(pair.Server));
    }

    [Fact]
    public async Task A_pipe_carries_bytes_both_ways_and_closes_when_both_halves_are_done()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        IDuplexPipe client = pair.Client.AsDuplexPipe();
        IDuplexPipe server = pair.Server.AsDuplexPipe();
        byte[] sent = new byte[40_000];
        Random.Shared.NextBytes(sent);
        await client.Output.WriteAsync(sent);
        ReadResult read = await server.Input.ReadAtLeastAsync(sent.Length);
        Assert.Equal(sent, System.Buffers.BuffersExtensions.ToArray(read.Buffer));
        server.Input.AdvanceTo(read.Buffer.End);
        await server.Output.WriteAsync("back"u8.ToArray());
        read = await client.Input.ReadAtLeastAsync(4);
        client.Input.AdvanceTo(read.Buffer.End);
        await client.Output.CompleteAsync();
        await client.Input.CompleteAsync();
        Assert.True((await server.Input.ReadAsync()).IsCompleted);
        await server.Input.CompleteAsync();
        await server.Output.CompleteAsync();
    }
}
