using SymRatchet.TestKit;

namespace SymRatchet.Tests.Channel;

/// <summary>
/// After the end of a channel, however it ended, none of its keys is left in anything that it still holds.
/// </summary>
public sealed class ErasureTests
{
    public static TheoryData<ChannelProtocol, string> Endings
    {
        get
        {
            TheoryData<ChannelProtocol, string> data = [];
            foreach (ChannelProtocol protocol in Enum.GetValues<ChannelProtocol>())
            {
                foreach (string ending in new[] { "close", "failure", "dispose" })
                    data.Add(protocol, ending);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Endings))]
    public async Task No_key_survives(ChannelProtocol protocol, string ending)
    {
        await using ChannelPair pair = await ChannelPair.CreateAsync(protocol);
        await pair.RoundAsync([1, 2, 3], [4, 5, 6]);
        List<byte[]> known =
        [
            .. Held.Secrets(pair.Server).Where(secret => !secret.IsErased).SelectMany(Held.Values).SelectMany(Pieces),
        ];
        Assert.NotEmpty(known);

        switch (ending)
        {
            case "close":
                await pair.Client.CloseAsync();
                Assert.Null(await ChannelPair.ReceiveAsync(pair.Server));
                await pair.Server.CloseAsync();
                break;
            case "failure":
                await pair.Client.DisposeAsync();
                await Assert.ThrowsAsync<SecureChannelException>(() => ChannelPair.ReceiveAsync(pair.Server));
                break;
            default:
                await pair.Server.DisposeAsync();
                break;
        }

        Assert.All(Held.Secrets(pair.Server), secret => Assert.True(secret.IsErased));
        byte[][] held = [.. Held.Arrays(pair.Server)];
        Assert.NotEmpty(held);
        foreach (byte[] key in known)
            Assert.DoesNotContain(held, bytes => bytes.AsSpan().IndexOf(key) >= 0);
    }

    private static IEnumerable<byte[]> Pieces(byte[] secret) => secret.Chunk(16).Where(piece => piece.Any(b => b != 0));
}
