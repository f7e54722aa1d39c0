namespace SymRatchet.Comparison.Peers;

/// <summary>Every peer that is measured, the limit first.</summary>
internal static class PeerCatalogue
{
    internal static IReadOnlyList<Peer> All { get; } =
    [
        new TcpPeer(),
        new SymRatchetPeer("symratchet-aegis256", CipherSuiteId.Aegis256),
        new SymRatchetPeer("symratchet-aes256gcm", CipherSuiteId.Aes256Gcm),
        new SymRatchetPeer("symratchet-chacha20poly1305", CipherSuiteId.ChaCha20Poly1305),
        new SeedPeer(),
        new SqlitePeer("symratchet-sqlite", ClientStore.Memory),
        new SqlitePeer("symratchet-sqlite-both-ends", ClientStore.Sqlite),
        new SqlitePeer("symratchet-durable", ClientStore.KeyFile),
        new SslStreamPeer(),
        new BouncyCastlePeer(),
        new OpenSslPeer("openssl-psk", LibSsl.Tls13, "TLS_AES_128_GCM_SHA256"),
        new OpenSslPeer("openssl-psk-tls1.2", LibSsl.Tls12, "PSK-AES256-GCM-SHA384"),
        new SpipedPeer(),
        new StunnelPeer(),
        new SymRatchetTunnelPeer("symratchet-tunnel", multiplex: false),
        new SymRatchetTunnelPeer("symratchet-tunnel-multiplex", multiplex: true),
        new PlainHttpPeer(),
        new ChannelHttpPeer(),
        new HttpsPeer(),
    ];

    internal static Peer Find(string name) =>
        All.FirstOrDefault(peer => peer.Name == name)
        ?? throw new ArgumentException(
            $"There is no peer '{name}'; there are {string.Join(", ", All.Select(peer => peer.Name))}."
        );
}
