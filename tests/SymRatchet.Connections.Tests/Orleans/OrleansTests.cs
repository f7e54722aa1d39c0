using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests.Cluster;

/// <summary>
/// A cluster and a client whose every connection is a channel; docs/aspnetcore.md shows the lines that make it so.
/// </summary>
public sealed class OrleansTests
{
    private const int Grains = 30;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Silos_and_clients_talk_over_channels_and_nobody_without_a_key_gets_in()
    {
        await using ChannelCluster cluster = await ChannelCluster.StartAsync().WaitAsync(Patience);
        using ListLoggerFactory logs = new();
        using IHost host = cluster.MakeClient(
            logs,
            connections => ChannelCluster.Protect(connections, cluster.ClientKeys())
        );
        await host.StartAsync().WaitAsync(Patience);
        IClusterClient client = host.Services.GetRequiredService<IClusterClient>();

        string[] places = await Task.WhenAll(
                Enumerable.Range(0, Grains).Select(grain => client.GetGrain<IPlaceGrain>(grain).WhereAsync())
            )
            .WaitAsync(Patience);
        Assert.Equal(["silo-0", "silo-1"], places.Distinct().Order(StringComparer.Ordinal));
        for (int i = 0; i < Grains; i++)
            Assert.Equal(
                places[(i + 1) % Grains],
                await client.GetGrain<IPlaceGrain>(i).WhereIsAsync((i + 1) % Grains).WaitAsync(Patience)
            );

        // Between two silos one connection serves both ways, whoever opened it.
        string[] peers = [.. cluster.Peers.Keys.Order(StringComparer.Ordinal)];
        Assert.Subset(
            new HashSet<string> { "client>silo-0", "client>silo-1", "silo-0>silo-1", "silo-1>silo-0" },
            peers.ToHashSet()
        );
        Assert.Contains(peers, peer => peer.StartsWith("silo-", StringComparison.Ordinal));
        Assert.Equal(2, peers.Count(peer => peer.StartsWith("client", StringComparison.Ordinal)));

        await host.StopAsync().WaitAsync(Patience);

        await AssertStaysOutAsync(
            cluster,
            connections => ChannelCluster.Protect(connections, cluster.WrongKeys()),
            "Handshake as Client of ",
            "with 127.0.0.1",
            "Refused"
        );
        await AssertStaysOutAsync(cluster, _ => { }, "Handshake as Server of ", "with 127.0.0.1", "Malformed");
        Assert.Equal(peers, cluster.Peers.Keys.Order(StringComparer.Ordinal));
    }

    // It tries for as long as it is left to.
    private static async Task AssertStaysOutAsync(
        ChannelCluster cluster,
        Action<ClientConnectionOptions> configure,
        params string[] reason
    )
    {
        using ListLoggerFactory logs = new();
        using IHost host = cluster.MakeClient(logs, configure);
        using CancellationTokenSource patience = new(Patience);
        using CancellationTokenSource trying = new();
        Task starting = host.StartAsync(trying.Token);
        while (
            !logs
                .Lines.Concat(cluster.Logs.Lines)
                .Any(line => reason.All(part => line.Contains(part, StringComparison.Ordinal)))
        )
            await Task.Delay(20, patience.Token);
        Assert.False(starting.IsCompletedSuccessfully);
        await trying.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => starting.WaitAsync(patience.Token));
    }
}
