namespace SymRatchet.Peers.Peers;

/// <summary>A way to protect a connection, or not to.</summary>
internal abstract class Peer
{
    internal abstract string Name { get; }

    /// <summary>Why it cannot be measured here, or null.</summary>
    internal virtual string? Missing => null;

    /// <summary>What a server must tell its clients, such as its certificate; in one line.</summary>
    internal virtual string Credential => "";

    /// <summary>Protects the client's end.</summary>
    internal abstract Task<PeerConnection> ConnectAsync(Stream transport, string credential);

    /// <summary>Protects the server's end.</summary>
    internal abstract Task<PeerConnection> AcceptAsync(Stream transport);
}
