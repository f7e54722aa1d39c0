using SymRatchet.Comparison.Peers;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Scenarios;

/// <summary>Connections on which nothing happens any more after their first bytes.</summary>
internal static class IdleConnections
{
    internal const int AtOnce = 64;

    internal static async Task<List<PeerConnection>> OpenAsync(ServerProcess server, int count)
    {
        List<PeerConnection> open = [];
        while (open.Count < count)
            open.AddRange(
                await Task.WhenAll(
                    Enumerable.Range(0, Math.Min(AtOnce, count - open.Count)).Select(_ => OpenOneAsync(server))
                )
            );
        return open;
    }

    private static async Task<PeerConnection> OpenOneAsync(ServerProcess server)
    {
        PeerConnection connection = await server.ConnectAsync();
        await connection.SendWorkAsync(Work.Echo);
        await connection.ReceiveWorkAsync();
        return connection;
    }

    internal static async Task CloseAsync(List<PeerConnection> open)
    {
        foreach (PeerConnection connection in open)
            await connection.DisposeAsync();
    }
}
