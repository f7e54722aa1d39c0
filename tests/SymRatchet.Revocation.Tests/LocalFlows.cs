using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using SymRatchet.Aggregation;
using SymRatchet.TestKit;

namespace SymRatchet.Revocation.Tests;

/// <summary>Flows over connections in memory: the channel itself, what is made of it, and sessions of rounds.</summary>
internal static class LocalFlows
{
    internal static async Task<ChannelPair> StartAsync(
        Flow flow,
        SecureChannelClientOptions client,
        SecureChannelServerOptions server
    )
    {
        ChannelPair pair = await ChannelPair.CreateAsync(client, server);
        if (flow.Surface == Surface.Aggregation)
        {
            _ = AggregateAsync(flow, pair.Server);
            _ = ContributeAsync(flow, pair.Client);
            return pair;
        }

        _ = flow.Surface switch
        {
            Surface.Channel => ServeChannelAsync(flow, pair.Server),
            Surface.Stream => ServeStreamAsync(flow, pair.Server.AsStream(), pair.Server.Ended),
            _ => ServePipeAsync(flow, pair.Server.AsDuplexPipe(), pair.Server.Ended),
        };
        _ = flow.VisitAsync(
            part => pair.Client.SendAsync(part).AsTask(),
            async () => await ChannelPair.ReceiveAsync(pair.Client) is not null,
            deafen: static () => { } // whoever does not receive takes nothing
        );
        return pair;
    }

    private static Task ServeChannelAsync(Flow flow, ISecureChannel channel) =>
        flow.ServeAsync(
            async () => await ChannelPair.ReceiveAsync(channel) is not null,
            part => channel.SendAsync(part).AsTask(),
            channel.Ended
        );

    private static async Task ServeStreamAsync(Flow flow, SecureChannelStream stream, CancellationToken ended)
    {
        byte[] buffer = new byte[4096];
        await flow.ServeAsync(
            async () => await stream.ReadAsync(buffer) > 0,
            part => stream.WriteAsync(part).AsTask(),
            ended
        );
    }

    private static Task ServePipeAsync(Flow flow, IDuplexPipe pipe, CancellationToken ended) =>
        flow.ServeAsync(
            async () =>
            {
                ReadResult read = await pipe.Input.ReadAsync();
                pipe.Input.AdvanceTo(read.Buffer.End);
                return !read.Buffer.IsEmpty;
            },
            async part =>
            {
                if ((await pipe.Output.WriteAsync(part)).IsCompleted)
                    throw new IOException("The pipe is completed.");
            },
            ended
        );

    // Each contribution is a round, and what is counted as taken. The session is over when its client has left the
    // rounds; to close a connection that takes nothing takes up to a second more.
    private static async Task AggregateAsync(Flow flow, ISecureChannel channel)
    {
        using AggregationServer server = new(
            new AggregationServerOptions
            {
                Rounds = new RoundOptions
                {
                    Observer = happened =>
                    {
                        if (happened is RoundEvent.Closed)
                            flow.Took();
                        else if (happened is RoundEvent.Left)
                            flow.ServerIsOver();
                    },
                },
            }
        );
        Task serving = server.ServeAsync(channel);
        flow.IsServing();
        await serving;
    }

    private static Task ContributeAsync(Flow flow, ISecureChannel channel)
    {
        byte[] contribution = Encoding.ASCII.GetBytes(string.Join(", ", Enumerable.Repeat("1.25", 1024)));
        return flow.VisitAsync(
            async _ =>
            {
                await channel.SendAsync(contribution);
                if (flow.Activity == Activity.Reading && !await channel.ReceiveAsync(new ArrayBufferWriter<byte>()))
                    throw new IOException("The server has closed.");
            },
            async () => await ChannelPair.ReceiveAsync(channel) is not null,
            deafen: () =>
            {
                if (flow.Activity == Activity.Blocked)
                    _ = ContributeForEverAsync();
            }
        );

        async Task ContributeForEverAsync()
        {
            while (true)
                await channel.SendAsync(contribution);
        }
    }
}
