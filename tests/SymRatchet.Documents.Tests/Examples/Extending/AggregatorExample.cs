using SymRatchet.Aggregation;
using SymRatchet.TestKit;

namespace SymRatchet.Documents.Tests.Examples.Extending;

public sealed class AggregatorExample
{
    private const string Client = ChannelPair.ClientName;

    [Fact]
    public async Task The_server_answers_with_the_range()
    {
        using AggregationServer rounds = new(
            new AggregationServerOptions { Rounds = new RoundOptions { Aggregator = new RangeAggregator() } }
        );
        await using ChannelPair pair = await ChannelPair.CreateAsync();
        Task<SessionSummary> serving = rounds.ServeAsync(pair.Server);

        await pair.Client.SendAsync(ContributionText.Format([9.4, 8.9, 12.5]));
        Assert.True(AnswerText.TryParse(await ChannelPair.ReceiveAsync(pair.Client), out double range));
        Assert.Equal(3.6, range, precision: 2);
        await pair.Client.CloseAsync();
        Assert.Equal(SessionEnd.ClosedByClient, (await serving).End);
    }

    [Fact]
    public void One_number_has_no_range() =>
        Assert.Equal(0, new RangeAggregator().Aggregate([new Measurement(Client, 7, 1)]));

    [Fact]
    public async Task The_package_s_first_example_serves_a_client()
    {
        using InMemoryKeyStore keys = new(ChannelRole.Server);
        keys.Add(ChannelPair.KeyFor(ChannelProtocol.V1));
        await using SocketPair sockets = await SocketPair.CreateAsync();
        Task serving = ServeAsync(sockets.Server, keys);
        await using ISecureChannel client = await SecureChannel.ConnectAsync(
            sockets.Client,
            ChannelPair.ClientOptions(ChannelProtocol.V1)
        );
        await client.SendAsync("9.4,8.9,8.3"u8.ToArray());
        Assert.Equal("Aggregated: 8.87"u8.ToArray(), await ChannelPair.ReceiveAsync(client));
        await client.CloseAsync();
        await serving;
    }

    private static async Task ServeAsync(Stream stream, IKeyStore keys)
    {
        using AggregationServer rounds = new(new AggregationServerOptions());
        ISecureChannel channel = await SecureChannel.AcceptAsync(
            stream,
            new SecureChannelServerOptions { Keys = keys }
        );
        await rounds.ServeAsync(channel);
    }
}
