using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>The short ways to receive.</summary>
public sealed class ReceiveTests
{
    [Fact]
    public async Task A_message_is_an_array_and_the_end_is_null()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.WriteAsync(new byte[] { 1, 2, 3 });
        await pair.Client.SendAsync(ReadOnlyMemory<byte>.Empty);
        await pair.Client.CloseAsync();
        Assert.Equal([1, 2, 3], await pair.Server.ReceiveMessageAsync());
        Assert.Equal(0, (await pair.Server.ReceiveMessageAsync())?.Length);
        Assert.Null(await pair.Server.ReceiveMessageAsync());
    }

    [Fact]
    public async Task All_messages_come_one_by_one_until_the_proven_end()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        int[] lengths = [0, 1, 5000, 3, 60_000, 0, 7];
        Task sending = Task.Run(async () =>
        {
            foreach (int length in lengths)
                await pair.Client.SendAsync(new byte[length]);
            await pair.Client.CloseAsync();
        });
        List<int> received = [];
        await foreach (ReadOnlyMemory<byte> message in pair.Server.ReadAllAsync())
            received.Add(message.Length);
        Assert.Equal(lengths, received);
        await sending;
    }

    [Fact]
    public async Task An_end_that_is_not_proven_is_an_exception()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        await pair.Client.SendAsync(new byte[] { 1 });
        await pair.Client.DisposeAsync();
        int received = 0;
        await Assert.ThrowsAsync<SecureChannelException>(async () =>
        {
            await foreach (ReadOnlyMemory<byte> _ in pair.Server.ReadAllAsync())
                received++;
        });
        Assert.Equal(1, received);
    }

    [Fact]
    public async Task Left_early_or_cancelled_it_loses_nothing()
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        for (byte i = 0; i < 3; i++)
            await pair.Client.SendAsync(new[] { i });
        await foreach (ReadOnlyMemory<byte> message in pair.Server.ReadAllAsync())
        {
            Assert.Equal([0], message.ToArray());
            break;
        }

        using CancellationTokenSource source = new();
        List<byte> received = [];
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ReadOnlyMemory<byte> message in pair.Server.ReadAllAsync(source.Token))
            {
                received.AddRange(message.ToArray());
                if (received.Count == 2)
                    source.CancelAfter(50);
            }
        });
        Assert.Equal([1, 2], received);
        await pair.Client.SendAsync(new byte[] { 9 });
        Assert.Equal([9], await pair.Server.ReceiveMessageAsync());
    }
}
