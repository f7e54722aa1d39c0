using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using SymRatchet.TestKit;

namespace SymRatchet.Connections.Tests.Cluster;

/// <summary>
/// Two silos on this machine. Each is the server of the other and of the client, and the client of the other: with a
/// key for each pair and way, "a>b" for the connections that a opens to b.
/// </summary>
internal sealed class ChannelCluster : IAsyncDisposable
{
    private readonly IPEndPoint[] _silos = [FreeEndPoint(), FreeEndPoint()];
    private readonly IPEndPoint[] _gateways = [FreeEndPoint(), FreeEndPoint()];
    private readonly List<IHost> _hosts = [];

    internal ListLoggerFactory Logs { get; } = new();

    /// <summary>Whoever has opened a channel to one of the silos.</summary>
    internal ConcurrentDictionary<string, int> Peers { get; } = new();

    internal static async Task<ChannelCluster> StartAsync()
    {
        ChannelCluster cluster = new();
        await cluster.StartSiloAsync(0, other: 1);
        await cluster.StartSiloAsync(1, other: 0);
        return cluster;
    }

    /// <summary>Makes a client whose connections a delegate configures; not started.</summary>
    internal IHost MakeClient(ILoggerFactory logs, Action<ClientConnectionOptions> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton(logs);
        builder.UseOrleansClient(client =>
            client.UseLocalhostClustering([.. _gateways.Select(gateway => gateway.Port)]).Configure(configure)
        );
        return builder.Build();
    }

    internal static void Protect(
        ClientConnectionOptions connections,
        Dictionary<EndPoint, SecureChannelClientOptions> keys
    ) =>
        #region glue: client
        connections.ConfigureConnection(outbound =>
            outbound.UseSymRatchetClient(connection => keys[connection.RemoteEndPoint!])
        );
        #endregion

    internal Dictionary<EndPoint, SecureChannelClientOptions> ClientKeys() =>
        new() { [_gateways[0]] = Keys.Client("client>silo-0"), [_gateways[1]] = Keys.Client("client>silo-1") };

    internal Dictionary<EndPoint, SecureChannelClientOptions> WrongKeys() =>
        _gateways.ToDictionary(
            gateway => (EndPoint)gateway,
            _ => new SecureChannelClientOptions { Key = Keys.Of("client>silo-0", first: 99), LoggerFactory = Logs }
        );

    private async Task StartSiloAsync(int number, int other)
    {
        SecureChannelServerOptions server = Keys.Server($"silo-{other}>silo-{number}", $"client>silo-{number}");
        server.LoggerFactory = Logs;
        Dictionary<EndPoint, SecureChannelClientOptions> keys = new()
        {
            [_silos[other]] = Keys.Client($"silo-{number}>silo-{other}"),
        };
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Services.AddSingleton<ILoggerFactory>(Logs);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(_silos[number].Port, _gateways[number].Port, primarySiloEndpoint: _silos[0]);
            silo.Configure<SiloOptions>(options => options.SiloName = $"silo-{number}");
            Protect(silo, server, keys);
            silo.Configure<SiloConnectionOptions>(connections =>
            {
                connections.ConfigureSiloInboundConnection(CountPeers);
                connections.ConfigureGatewayInboundConnection(CountPeers);
            });
        });
        IHost host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync();
    }

    private static void Protect(
        ISiloBuilder silo,
        SecureChannelServerOptions server,
        Dictionary<EndPoint, SecureChannelClientOptions> keys
    )
    {
        #region glue: silo
        silo.Configure<SiloConnectionOptions>(connections =>
        {
            connections.ConfigureSiloInboundConnection(inbound => inbound.UseSymRatchet(server));
            connections.ConfigureGatewayInboundConnection(inbound => inbound.UseSymRatchet(server));
            connections.ConfigureSiloOutboundConnection(outbound =>
                outbound.UseSymRatchetClient(connection => keys[connection.RemoteEndPoint!])
            );
        });
        #endregion
    }

    private void CountPeers(IConnectionBuilder inbound) =>
        inbound.Use(next =>
            connection =>
            {
                Peers.AddOrUpdate(
                    connection.GetSymRatchetPeer()?.ClientId.ToString() ?? "nobody",
                    1,
                    (_, count) => count + 1
                );
                return next(connection);
            }
        );

    private static IPEndPoint FreeEndPoint()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IHost host in Enumerable.Reverse(_hosts))
        {
            using CancellationTokenSource patience = new(TimeSpan.FromSeconds(20));
            await host.StopAsync(patience.Token);
            host.Dispose();
        }

        Logs.Dispose();
    }
}
