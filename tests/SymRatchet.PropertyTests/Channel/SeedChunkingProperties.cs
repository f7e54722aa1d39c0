using FsCheck;
using FsCheck.Xunit;
using SymRatchet.TestKit;

namespace SymRatchet.PropertyTests.Channel;

/// <summary>However the transport cuts the stream, the messages are the same.</summary>
public sealed class SeedChunkingProperties
{
    [Property(MaxTest = 1000)]
    public async Task Any_chunking_gives_the_same_messages(NonNull<byte[]>[] messages, PositiveInt[] chunks)
    {
        ChunkedPipePair pipes = new([.. chunks.Select(c => c.Get)]);
        await using ChannelPair pair = await ChannelPair.OverAsync(
            pipes.Client,
            pipes.Server,
            ChannelPair.ClientOptions(ChannelProtocol.Seed),
            ChannelPair.ServerOptions(ChannelProtocol.Seed)
        );
        foreach (NonNull<byte[]> message in messages)
            await pair.RoundAsync(message.Get, message.Get);
    }
}
