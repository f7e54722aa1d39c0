using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SymRatchet.Peers.Peers;

/// <summary>.NET's TLS 1.3 with an ECDSA P-256 certificate that the client knows in advance; each connection is a full handshake.</summary>
internal sealed class SslStreamPeer : SocketPeer
{
    private readonly Lazy<SslServerAuthenticationOptions> _server = new(ServerOptions);

    internal override string Name => "sslstream";

    internal override string Credential => Convert.ToBase64String(_server.Value.ServerCertificateContext!.TargetCertificate.RawData);

    private protected override async Task<PeerConnection> ConnectAsync(Stream transport, string credential)
    {
        byte[] pinned = Convert.FromBase64String(credential);
        SslStream tls = new(transport);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(pinned),
        });
        return new StreamConnection(tls);
    }

    private protected override async Task<PeerConnection> AcceptAsync(Stream transport)
    {
        SslStream tls = new(transport);
        await tls.AuthenticateAsServerAsync(_server.Value);
        return new StreamConnection(tls);
    }

    private static SslServerAuthenticationOptions ServerOptions()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(certificate, additionalCertificates: null),
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
        };
    }
}
