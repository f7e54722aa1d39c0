using SymRatchet.KeyStores.Sqlite;
using SymRatchet.Tunnel;

namespace SymRatchet.Documents.Tests.Examples;

/// <summary>What the README of SymRatchet.Tunnel shows.</summary>
internal static class TunnelExamples
{
    internal static async Task BothSidesAsync()
    {
        await using var keys = SqliteKeyStore.Open("server.keys", ChannelRole.Server);
        await using TunnelServer server = await TunnelServer.StartAsync(
            new TunnelServerOptions
            {
                Listen = "0.0.0.0:9999",
                Forward = "127.0.0.1:6379",
                Channel = { Keys = keys },
            }
        );

        await using var ownKey = await KeyFile.OpenAsync("sensor-17.credential");
        await using TunnelClient client = await TunnelClient.StartAsync(
            new TunnelClientOptions
            {
                Listen = "127.0.0.1:6379",
                Connect = "gateway.example:9999",
                Channel = { Keys = ownKey },
            }
        );
    }
}
