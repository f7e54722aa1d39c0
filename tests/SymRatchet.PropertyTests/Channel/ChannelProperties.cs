using FsCheck;
using FsCheck.Xunit;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Channel;

/// <summary>Whole channels of protocol 1 over a wire that cuts, delays and changes.</summary>
public sealed class ChannelProperties
{
    public enum Change
    {
        Flip,
        Drop,
        Repeat,
        Swap,
        Splice,
        Cut,
    }

    [Property(MaxTest = 1000)]
    [Requirement("R6.2-9")]
    public async Task Both_directions_at_once_arrive_as_sent_in_any_chunking(
        CipherSuiteId suite,
        NonNull<byte[]>[] forth,
        NonNull<byte[]>[] back,
        PositiveInt[] chunks,
        bool flushEach
    )
    {
        ChunkedPipePair pipes = new([.. chunks.Select(chunk => chunk.Get)]);
        await using ChannelPair pair = await ChannelPair.OverAsync(
            pipes.Client,
            pipes.Server,
            ClientOptions(suite),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );

        await Task.WhenAll(
            SendAllAsync(pair.Client, forth, flushEach),
            ReceiveAllAsync(pair.Server, forth),
            SendAllAsync(pair.Server, back, flushEach),
            ReceiveAllAsync(pair.Client, back)
        );
    }

    // Near the limit in steps of a byte, and anything below it.
    [Property(MaxTest = 1000)]
    [Requirement("R4-7", "R4-8")]
    public async Task Every_size_up_to_the_limit_arrives_and_none_above_it_is_sent(
        CipherSuiteId suite,
        NonNegativeInt size,
        bool nearLimit,
        PositiveInt chunk
    )
    {
        const int MaxRecordSize = 4096;
        SecureChannelClientOptions client = ClientOptions(suite);
        SecureChannelServerOptions server = ChannelPair.ServerOptions(ChannelProtocol.V1);
        client.MaxRecordSize = server.MaxRecordSize = MaxRecordSize;
        ChunkedPipePair pipes = new([chunk.Get * 64]);
        await using ChannelPair pair = await ChannelPair.OverAsync(pipes.Client, pipes.Server, client, server);
        int limit = pair.Client.MaxMessageSize;
        int length = nearLimit ? limit - (size.Get % 8) : size.Get * 37 % (limit + 1);

        await pair.RoundAsync(new byte[length], new byte[limit]);
        await Assert.ThrowsAsync<ArgumentException>(async () => await pair.Client.SendAsync(new byte[limit + 1]));
        await pair.RoundAsync([1], [2]);
    }

    [Property(MaxTest = 1000)]
    public async Task Any_change_on_the_wire_ends_the_channel_and_delivers_nothing_from_there_on(
        CipherSuiteId suite,
        NonEmptyArray<NonNull<byte[]>> messages,
        bool fromServer,
        Change change,
        NonNegativeInt where,
        NonNegativeInt bit
    )
    {
        List<byte[]> foreign = await RecordAsync(suite, [.. messages.Get, .. messages.Get], fromServer);
        HeldWire wire = new();
        (ISecureChannel sender, ISecureChannel receiver) = await OpenAsync(wire, suite, fromServer);
        await using (sender)
        await using (receiver)
        {
            await wire.HoldAsync();
            foreach (NonNull<byte[]> message in messages.Get)
                await sender.SendAsync(message.Get);
            Task closing = sender.CloseAsync().AsTask();
            List<byte[]> frames = await wire.TakeAsync(messages.Get.Length + 1);
            int intact = Apply(change, frames, where.Get, bit.Get, foreign);
            await wire.SendAsync(frames);

            for (int i = 0; i < intact; i++)
                Assert.Equal(messages.Get[i].Get, await ChannelPair.ReceiveAsync(receiver));
            await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(receiver));
            await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(receiver));
            await Assert.ThrowsAsync<SecureChannelException>(async () => await receiver.SendAsync(new byte[1]));
            await Record.ExceptionAsync(() => closing);
        }
    }

    /// <summary>
    /// Changes the frames, the last of which is the close, and tells how many still arrive as they were sent.
    /// </summary>
    private static int Apply(Change change, List<byte[]> frames, int where, int bit, List<byte[]> foreign)
    {
        int at = where % frames.Count;
        switch (change)
        {
            case Change.Flip:
                frames[at][bit / 8 % frames[at].Length] ^= (byte)(1 << (bit % 8));
                return at;
            case Change.Drop:
                frames.RemoveAt(at);
                return at;
            case Change.Repeat:
                // The close ends the direction: what comes after it is never looked at, so the frame before it is
                // repeated.
                at = where % (frames.Count - 1);
                frames.Insert(at, frames[at]);
                return at + 1;
            case Change.Swap:
                at = where % (frames.Count - 1);
                (frames[at], frames[at + 1]) = (frames[at + 1], frames[at]);
                return at;
            case Change.Splice:
                frames[at] = foreign[at];
                return at;
            case Change.Cut:
                byte[] whole = frames[at];
                frames.RemoveRange(at, frames.Count - at);
                frames.Add(whole[..(bit % whole.Length)]);
                return at;
            default:
                throw new ArgumentOutOfRangeException(nameof(change));
        }
    }

    private static async Task<List<byte[]>> RecordAsync(
        CipherSuiteId suite,
        NonNull<byte[]>[] messages,
        bool fromServer
    )
    {
        HeldWire wire = new();
        (ISecureChannel sender, ISecureChannel receiver) = await OpenAsync(wire, suite, fromServer);
        await using (sender)
        await using (receiver)
        {
            await wire.HoldAsync();
            foreach (NonNull<byte[]> message in messages)
                await sender.SendAsync(message.Get);
            return await wire.TakeAsync(messages.Length);
        }
    }

    private static async Task<(ISecureChannel Sender, ISecureChannel Receiver)> OpenAsync(
        HeldWire wire,
        CipherSuiteId suite,
        bool fromServer
    )
    {
        ChannelPair pair = await ChannelPair.OverAsync(
            fromServer ? wire.Receiver : wire.Sender,
            fromServer ? wire.Sender : wire.Receiver,
            ClientOptions(suite),
            ChannelPair.ServerOptions(ChannelProtocol.V1)
        );
        return fromServer ? (pair.Server, pair.Client) : (pair.Client, pair.Server);
    }

    private static SecureChannelClientOptions ClientOptions(CipherSuiteId suite)
    {
        SecureChannelClientOptions options = ChannelPair.ClientOptions(ChannelProtocol.V1);
        options.Suites = [suite];
        return options;
    }

    private static async Task SendAllAsync(ISecureChannel channel, NonNull<byte[]>[] messages, bool flushEach)
    {
        foreach (NonNull<byte[]> message in messages)
        {
            await channel.WriteAsync(message.Get);
            if (flushEach)
                await channel.FlushAsync();
        }

        await channel.CloseAsync();
    }

    private static async Task ReceiveAllAsync(ISecureChannel channel, NonNull<byte[]>[] messages)
    {
        foreach (NonNull<byte[]> message in messages)
            Assert.Equal(message.Get, await ChannelPair.ReceiveAsync(channel));
        Assert.Null(await ChannelPair.ReceiveAsync(channel));
    }
}
