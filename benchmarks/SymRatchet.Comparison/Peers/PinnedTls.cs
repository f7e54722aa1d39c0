using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace SymRatchet.Comparison.Peers;

/// <summary>
/// TLS 1.3 with an ECDSA P-256 certificate that the client knows in advance; each connection is a full handshake.
/// </summary>
internal sealed class PinnedTls
{
    private readonly Lazy<X509Certificate2> _certificate = new(CreateCertificate);

    /// <summary>The certificate, for the client.</summary>
    internal string Credential => Convert.ToBase64String(_certificate.Value.RawData);

    internal SslServerAuthenticationOptions ServerOptions() =>
        new()
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(
                _certificate.Value,
                additionalCertificates: null
            ),
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
        };

    internal static SslClientAuthenticationOptions ClientOptions(string credential)
    {
        byte[] pinned = Convert.FromBase64String(credential);
        return new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
                certificate is not null && certificate.GetRawCertData().AsSpan().SequenceEqual(pinned),
        };
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
