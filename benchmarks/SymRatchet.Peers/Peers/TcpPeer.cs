namespace SymRatchet.Peers.Peers;

/// <summary>No protection: the limit that the machine sets.</summary>
internal sealed class TcpPeer : Peer
{
    internal override string Name => "tcp";

    internal override Task<PeerConnection> ConnectAsync(Stream transport, string credential) => Task.FromResult<PeerConnection>(new StreamConnection(transport));

    internal override Task<PeerConnection> AcceptAsync(Stream transport) => Task.FromResult<PeerConnection>(new StreamConnection(transport));
}
