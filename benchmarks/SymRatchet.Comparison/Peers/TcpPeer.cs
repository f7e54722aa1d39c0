using System.Net.Sockets;

namespace SymRatchet.Comparison.Peers;

/// <summary>No protection: the limit that the machine sets.</summary>
internal class TcpPeer : SocketPeer
{
    internal override string Name => "tcp";

    private protected override Task<PeerConnection> ConnectAsync(Stream transport, string credential) =>
        Task.FromResult<PeerConnection>(new SocketConnection((NetworkStream)transport));

    private protected override Task<PeerConnection> AcceptAsync(Stream transport) =>
        Task.FromResult<PeerConnection>(new SocketConnection((NetworkStream)transport));
}
