using System.Net.Security;

namespace SymRatchet.Comparison.Peers;

/// <summary>.NET's TLS 1.3.</summary>
internal sealed class SslStreamPeer : SocketPeer
{
    private readonly PinnedTls _tls = new();
    private readonly Lazy<SslServerAuthenticationOptions> _server;

    internal SslStreamPeer() => _server = new(_tls.ServerOptions);

    internal override string Name => "sslstream";

    internal override string Credential => _tls.Credential;

    private protected override async Task<PeerConnection> ConnectAsync(Stream transport, string credential)
    {
        SslStream tls = new(transport);
        await tls.AuthenticateAsClientAsync(PinnedTls.ClientOptions(credential));
        return new StreamConnection(tls);
    }

    private protected override async Task<PeerConnection> AcceptAsync(Stream transport)
    {
        SslStream tls = new(transport);
        await tls.AuthenticateAsServerAsync(_server.Value);
        return new StreamConnection(tls);
    }
}
