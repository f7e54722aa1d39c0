using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// TLS 1.2 over a pre-shared key, AES-256-GCM, from BouncyCastle: what a .NET program had for this until now.
/// </summary>
internal sealed class BouncyCastlePeer : SocketPeer
{
    private const int Suite = CipherSuite.TLS_PSK_WITH_AES_256_GCM_SHA384;

    internal override string Name => "bouncycastle-psk";

    // It has no asynchronous reads: each idle connection would hold a thread of the pool.
    internal override bool Fits(string scenario) => scenario != "idle-connection" && base.Fits(scenario);

    private protected override Task<PeerConnection> ConnectAsync(Stream transport, string credential) =>
        Task.Run<PeerConnection>(() =>
        {
            TlsClientProtocol tls = new(transport);
            tls.Connect(new Client());
            return new StreamConnection(tls.Stream);
        });

    private protected override Task<PeerConnection> AcceptAsync(Stream transport) =>
        Task.Run<PeerConnection>(() =>
        {
            TlsServerProtocol tls = new(transport);
            tls.Accept(new Server());
            return new StreamConnection(tls.Stream);
        });

    private sealed class Client()
        : PskTlsClient(new BcTlsCrypto(new SecureRandom()), new BasicTlsPskIdentity("benchmark", [.. RunSecret.Bytes]))
    {
        protected override int[] GetSupportedCipherSuites() => [Suite];
    }

    private sealed class Server() : PskTlsServer(new BcTlsCrypto(new SecureRandom()), new Keys())
    {
        protected override int[] GetSupportedCipherSuites() => [Suite];
    }

    private sealed class Keys : TlsPskIdentityManager
    {
        public byte[] GetHint() => [];

        // A copy: it is erased after use.
        public byte[] GetPsk(byte[] identity) => [.. RunSecret.Bytes];
    }
}
