using System.Net;
using SymRatchet.Comparison.Running;

namespace SymRatchet.Comparison.Peers;

/// <summary>A peer whose connections carry bytes, to do what a client asks of the server with.</summary>
internal abstract class WirePeer : Peer
{
    internal override bool Fits(string scenario) =>
        !scenario.StartsWith("http", StringComparison.Ordinal)
        && !scenario.StartsWith("tunnel", StringComparison.Ordinal);

    /// <summary>
    /// Opens a protected connection to a server of this kind, from an address of this machine where it is given.
    /// </summary>
    internal abstract Task<PeerConnection> ConnectAsync(int port, string credential, IPAddress? from);

    /// <summary>Does what the client asks for, until it hangs up.</summary>
    private protected static async Task ServeAsync(PeerConnection connection)
    {
        while (await connection.TryReceiveWorkAsync() is { } work)
            await PeerServer.DoAsync(connection, work);
    }
}
